"""What can be wrong with evidence, one class per reason."""

from attestation.errors import CouldNotCheck, VerificationError


class BundleMalformed(VerificationError):
    """The attestation response is not of the agreed form."""

    code = "bundle_malformed"
    check = "attestation bundle"
    sentence = "The service's attestation is not of the expected form."


class QuoteMalformed(VerificationError):
    """The bytes are not a TDX quote of a known layout."""

    code = "quote_malformed"
    check = "quote layout"
    sentence = "The hardware quote is not of a known layout."


class ConfigIdMalformed(VerificationError):
    """The machine's configuration id follows none of the known types."""

    code = "config_id_malformed"
    check = "configuration id"
    sentence = "The hardware quote carries a configuration id of an unknown form."


class ReportDataDiffers(VerificationError):
    """The quote speaks about another build or another TLS certificate."""

    code = "report_data_differs"
    check = "report data"
    sentence = "The hardware quote was made for another build or another connection."


class ReportDataUnknown(CouldNotCheck):
    """The quote's report data has a version this code does not know."""

    code = "report_data_unknown"
    check = "report data"
    sentence = "The hardware quote's report data has an unknown version."
    remedy = "Update the client."


class ChannelNotBound(CouldNotCheck):
    """The quote says nothing about the connection it came through."""

    code = "channel_not_bound"
    check = "report data"
    sentence = "The hardware quote does not name the TLS certificate of this connection."
    remedy = "Use a service with TLS inside the attested machine."
