"""The kernel takes values and gives values: no clock, file, network or environment, and few imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import attestation
from attestation import errors
from attestation.errors import KernelError, VerificationError
from attestation.evidence import errors as evidence_errors
from attestation.policy import errors as policy_errors
from attestation.receipts import errors as receipt_errors
from attestation.reproduce import errors as reproduce_errors

ROOT = Path(attestation.__file__).parent
COMMAND = ROOT / "__main__.py"
NOT_KERNEL = {"server", "command"}
LIBRARY_ADAPTERS = {ROOT / "evidence" / "dcap.py": {"dcap_qvl"}, ROOT / "reproduce" / "compose_yaml.py": {"yaml"}}
MODULES = sorted(
    path for path in ROOT.rglob("*.py") if not NOT_KERNEL & set(path.relative_to(ROOT).parts) and path != COMMAND
)
ALLOWED = {
    "attestation",
    "base64",
    "binascii",
    "collections",
    "contextlib",
    "cryptography",
    "dataclasses",
    "datetime",
    "enum",
    "hashlib",
    "hmac",
    "ipaddress",
    "json",
    "math",
    "re",
    "secrets",
    "typing",
    "urllib.parse",
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(f"{'.' * node.level}{node.module or ''}")
    return names


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT.parent)
    return set(done.stdout.split())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_pure_things_only(path: Path) -> None:
    foreign = {
        name for name in imported(path) if name not in ALLOWED and name.split(".")[0] not in ALLOWED - {"urllib.parse"}
    }
    assert not foreign - LIBRARY_ADAPTERS.get(path, set())
    assert not any(name.startswith("attestation.server") for name in imported(path))
    assert not any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "eval"}
        for node in ast.walk(ast.parse(path.read_text()))
    )
    assert not any(
        isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_no_module_loads_the_libraries_for_quotes_and_compose_files() -> None:
    modules = [".".join(("attestation", *path.relative_to(ROOT).with_suffix("").parts)) for path in MODULES]
    imports = "; ".join(f"import {name.removesuffix('.__init__')}" for name in modules)
    assert not {name for name in loaded_after(imports) if name.split(".")[0] in {"dcap_qvl", "yaml"}}


def test_importing_the_package_loads_no_module_of_it() -> None:
    assert {name for name in loaded_after("import attestation") if name.startswith("attestation")} == {"attestation"}


def test_links_tokens_and_canonical_forms_need_no_cryptography() -> None:
    loaded = loaded_after("from attestation import canonical, digests, encoding, errors, links, tokens")
    assert not any(name.split(".")[0] == "cryptography" for name in loaded)


def all_errors() -> list[type[KernelError]]:
    modules = (errors, evidence_errors, policy_errors, receipt_errors, reproduce_errors)
    found = [value for module in modules for value in vars(module).values()]
    return sorted({error for error in found if isinstance(error, type) and issubclass(error, KernelError)}, key=str)


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_explains_itself(error: type[KernelError]) -> None:
    assert error.__doc__
    assert error.sentence.endswith(".")
    assert error.remedy.endswith(".")
    assert error.check
    assert error.code == error.code.lower().replace(" ", "_")


def test_no_two_errors_share_a_code() -> None:
    bases = {"ManifestError", "RunFieldDiffers"}
    codes = [error.code for error in all_errors() if error.__name__ not in bases]
    assert len(codes) == len(set(codes))


def test_could_not_check_is_never_caught_as_something_harmless() -> None:
    assert issubclass(errors.CouldNotCheck, VerificationError)
    assert not issubclass(errors.SealBroken, VerificationError)
