"""What can be wrong with what leads from a build to its source, one class per reason."""

from attestation.errors import CouldNotCheck


class RegistryAnswerMalformed(CouldNotCheck):
    """A registry contract's answer is not of its interface."""

    code = "registry_answer_malformed"
    check = "registry"
    sentence = "The registry's answer is not of the form that its contract would give."
    remedy = "Check the contract address, the chain and the RPC address in the trust policy."
