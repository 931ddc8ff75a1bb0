"""Every setting of the service, in frozen groups: name, type, default, lowest value and meaning in one line each.

The group and field name are what code reads (`conf.sandbox.memory_mb`); the metadata names the environment variable
without its prefix `HIVEMIND_`. `hivemind.settings.env` fills the groups and refuses what it does not know.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PREFIX = "HIVEMIND_"


def setting(
    name: str,
    default: Any,
    *,
    minimum: float | None = None,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    rate: bool = False,
) -> Any:
    """Declare one setting: its variable's name after the prefix, default, lowest value, and whether it is a secret.

    A `rate` is a text such as `5/hour`, or empty for no limit.
    """
    meta = {"name": name, "minimum": minimum, "secret": secret, "choices": choices, "rate": rate}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class Service:
    """Where the service listens, what it stores where, and how it names itself to others."""

    host: str = setting("HOST", "127.0.0.1")
    port: int = setting("PORT", 8100, minimum=1)
    public_url: str = setting("PUBLIC_URL", "")
    state_dir: str = setting("STATE_DIR", "")
    database_url: str = setting("DATABASE_URL", "", secret=True)
    redis_url: str = setting("REDIS_URL", "", secret=True)
    secret_key: str = setting("SECRET_KEY", "", secret=True)
    admin_key: str = setting("ADMIN_KEY", "", secret=True)
    allowed_hosts: str = setting("ALLOWED_HOSTS", "")
    trusted_proxies: str = setting("TRUSTED_PROXIES", "")
    cors_allow_origins: str = setting("CORS_ALLOW_ORIGINS", "")
    debug: bool = setting("DEBUG", False)


@dataclass(frozen=True)
class Llm:
    """Upstream model services and which model each stage uses."""

    api_key: str = setting("LLM_API_KEY", "", secret=True)
    base_url: str = setting("LLM_BASE_URL", "https://openrouter.ai/api/v1")
    model: str = setting("LLM_MODEL", "moonshotai/kimi-k2.6")
    timeout_seconds: int = setting("LLM_TIMEOUT_SECONDS", 45, minimum=1)
    tinfoil_api_key: str = setting("TINFOIL_API_KEY", "", secret=True)
    tinfoil_base_url: str = setting("TINFOIL_BASE_URL", "https://inference.tinfoil.sh/v1")
    disabled_providers: str = setting("DISABLED_LLM_PROVIDERS", "")
    disabled_routes: str = setting("DISABLED_LLM_ROUTES", "")
    scope_model: str = setting("SCOPE_MODEL", "")
    query_model: str = setting("QUERY_MODEL", "")
    mediator_model: str = setting("MEDIATOR_MODEL", "")
    mediator_always_llm: bool = setting("MEDIATOR_ALWAYS_LLM", True)


@dataclass(frozen=True)
class Sandbox:
    """The container engine, image builds, and the walls around each agent."""

    docker_host: str = setting("DOCKER_HOST", "")
    runtime: str = setting("CONTAINER_RUNTIME", "")
    memory_mb: int = setting("CONTAINER_MEMORY_MB", 256, minimum=16)
    cpus: float = setting("CONTAINER_CPU_QUOTA", 1.0, minimum=0.01)
    pids_limit: int = setting("CONTAINER_PIDS_LIMIT", 256, minimum=16)
    user: str = setting("CONTAINER_USER", "1000:1000")
    build_timeout_seconds: int = setting("DOCKER_BUILD_TIMEOUT_SECONDS", 600, minimum=1)
    build_memory_mb: int = setting("DOCKER_BUILD_MEMORY_MB", 1024, minimum=128)
    build_cpu_shares: int = setting("DOCKER_BUILD_CPU_SHARES", 512, minimum=2)
    build_index_url: str = setting("BUILD_INDEX_URL", "", secret=True)
    base_image: str = setting("AGENT_BASE_IMAGE", "")
    base_hermes_image: str = setting("AGENT_BASE_HERMES_IMAGE", "")


@dataclass(frozen=True)
class Budgets:
    """Ceilings of one run; a request may ask for less, never get more."""

    default_max_tokens: int = setting("DEFAULT_QUERY_MAX_TOKENS", 1_000_000, minimum=1)
    max_tokens: int = setting("MAX_TOKENS", 100_000_000, minimum=1)
    max_llm_calls: int = setting("MAX_LLM_CALLS", 100, minimum=1)
    stage_timeout_seconds: int = setting("AGENT_TIMEOUT", 900, minimum=1)
    max_output_chars: int = setting("MAX_RUN_OUTPUT_CHARS", 50_000, minimum=1)
    concurrent_runs: int = setting("CONCURRENT_RUNS", 16, minimum=1)
    simulations_per_run: int = setting("SIMULATIONS_PER_RUN", 3, minimum=1)
    simulations_per_worker: int = setting("SIMULATIONS_PER_WORKER", 8, minimum=1)


@dataclass(frozen=True)
class ScopeHints:
    """What scope agents are told, word for word; empty means that they are told nothing, or what the run calls for."""

    enable_simulation_tools: str = setting("SCOPE_ENABLE_SIMULATION_TOOLS", "")
    enable_agent_file_tools: str = setting("SCOPE_ENABLE_AGENT_FILE_TOOLS", "")
    enable_room_vault_tools: str = setting("SCOPE_ENABLE_ROOM_VAULT_TOOLS", "")
    disable_simulate: str = setting("DISABLE_SIMULATE", "")
    disable_semlift: str = setting("DISABLE_SEMLIFT", "")
    max_attempts: str = setting("SCOPE_MAX_ATTEMPTS", "")
    multi: str = setting("SCOPE_MULTI", "")
    ci: str = setting("SCOPE_CI", "")


@dataclass(frozen=True)
class Artifacts:
    """What one run may leave beside its answer: files, and bytes of all uploads together, replaced ones too."""

    max_files: int = setting("ARTIFACT_MAX_FILES", 32, minimum=1)
    max_total_bytes: int = setting("ARTIFACT_MAX_TOTAL_BYTES", 104_857_600, minimum=1)


@dataclass(frozen=True)
class Retention:
    """How long outputs and artifacts stay readable, in seconds."""

    artifact_seconds: int = setting("ARTIFACT_RETENTION_SECONDS", 86_400, minimum=1)
    sweep_seconds: int = setting("ARTIFACT_SWEEP_INTERVAL_SECONDS", 3_600, minimum=1)


@dataclass(frozen=True)
class Uploads:
    """How many packages may be kept, and for how long those that participants brought."""

    retention_seconds: int = setting("UPLOAD_RETENTION_SECONDS", 604_800, minimum=60)
    per_guest: int = setting("MAX_UPLOADS_PER_GUEST", 100, minimum=1)
    per_room: int = setting("MAX_UPLOADS_PER_ROOM", 1_000, minimum=1)
    agents_per_tenant: int = setting("MAX_AGENTS_PER_TENANT", 2_000, minimum=1)
    source_mb_per_tenant: int = setting("MAX_SOURCE_MB_PER_TENANT", 4_096, minimum=1)
    images_per_tenant: int = setting("MAX_IMAGES_PER_TENANT", 200, minimum=1)


@dataclass(frozen=True)
class Defaults:
    """Agents that the service offers to every tenant, and those that a room gets when its owner names none.

    An empty image turns an agent off; an empty default means that there is none, or the offered one of that role.
    """

    scope_mode: str = setting("SCOPE_MODE", "", choices=("", "fast", "rehearsed", "sealed_conservative"))
    autoload: bool = setting("AUTOLOAD_DEFAULT_AGENTS", True)
    bundled_agents_dir: str = setting("BUNDLED_AGENTS_DIR", "")
    scope_agent: str = setting("DEFAULT_SCOPE_AGENT", "")
    query_agent: str = setting("DEFAULT_QUERY_AGENT", "")
    mediator_agent: str = setting("DEFAULT_MEDIATOR_AGENT", "")
    scope_image: str = setting("DEFAULT_SCOPE_IMAGE", "")
    query_image: str = setting("DEFAULT_QUERY_IMAGE", "")
    mediator_image: str = setting("DEFAULT_MEDIATOR_IMAGE", "")
    scope_hermes_agent: str = setting("DEFAULT_SCOPE_HERMES_AGENT", "")
    query_hermes_agent: str = setting("DEFAULT_QUERY_HERMES_AGENT", "")
    mediator_hermes_agent: str = setting("DEFAULT_MEDIATOR_HERMES_AGENT", "")
    scope_hermes_image: str = setting("DEFAULT_SCOPE_HERMES_IMAGE", "")
    query_hermes_image: str = setting("DEFAULT_QUERY_HERMES_IMAGE", "")
    mediator_hermes_image: str = setting("DEFAULT_MEDIATOR_HERMES_IMAGE", "")


@dataclass(frozen=True)
class Billing:
    """Whether credit is enforced, and who may come in without an operator."""

    enforce_credits: bool = setting("BILLING_ENFORCE_CREDITS", False)
    self_serve_signup: bool = setting("SELF_SERVE_SIGNUP_ENABLED", False)
    starter_credit_code: str = setting("SIGNUP_STARTER_CREDIT_CODE", "", secret=True)


@dataclass(frozen=True)
class Throttles:
    """How often one caller may try what can be guessed or costs the operator; empty means as often as it likes."""

    signup: str = setting("THROTTLE_SIGNUP", "5/hour", rate=True)
    redeem: str = setting("THROTTLE_REDEEM", "30/hour", rate=True)
    failed_auth: str = setting("THROTTLE_FAILED_AUTH", "60/minute", rate=True)
    evidence: str = setting("THROTTLE_EVIDENCE", "30/minute", rate=True)
    public: str = setting("THROTTLE_PUBLIC", "300/minute", rate=True)
    sign_in: str = setting("THROTTLE_SIGN_IN", "30/minute", rate=True)


@dataclass(frozen=True)
class Access:
    """How operators get into the admin."""

    admin_require_otp: bool = setting("ADMIN_REQUIRE_OTP", False)


@dataclass(frozen=True)
class Evidence:
    """How the service proves what it runs, and to which machine's guest agent it turns for that."""

    mode: str = setting("EVIDENCE", "", choices=("", "dstack", "development"))
    dstack_endpoint: str = setting("DSTACK_ENDPOINT", "")
    timeout_seconds: int = setting("EVIDENCE_TIMEOUT_SECONDS", 45, minimum=1)
    enclave_tls: bool = setting("ENCLAVE_TLS", False)
    pinning_gateway: str = setting("PINNING_GATEWAY", "dstack-pha-prod9.phala.network")
    app_auth_contract: str = setting("APP_AUTH_CONTRACT", "")
    app_auth_chain_id: int = setting("APP_AUTH_CHAIN_ID", 11_155_111, minimum=1)
    app_auth_rpc_url: str = setting("APP_AUTH_RPC_URL", "")
    app_auth_explorer_base_url: str = setting("APP_AUTH_EXPLORER_BASE_URL", "")
    pccs_url: str = setting("PCCS_URL", "")


@dataclass(frozen=True)
class Schema:
    """All groups. Built once by `hivemind.settings.env.load`; read through `hivemind.kit.conf.conf`."""

    service: Service
    llm: Llm
    sandbox: Sandbox
    budgets: Budgets
    scope_hints: ScopeHints
    artifacts: Artifacts
    retention: Retention
    uploads: Uploads
    defaults: Defaults
    billing: Billing
    throttles: Throttles
    access: Access
    evidence: Evidence
    state_dir: Path


# Variables of the client and of the scripts: known, so that a shared shell environment does not stop the server.
CLIENT_NAMES = frozenset(
    {
        "HOME",
        "PROFILE",
        "DEFAULT_SERVICE",
        "TRUST_ALL",
        "TRUST_HASH",
        "NO_TRUST_CHECK",
        "ALLOW_DEGRADED_ATTESTATION",
        "ATTESTATION_FETCH_TIMEOUT",
        "REQUIRE_DCAP",
        "DISABLE_DCAP",
        "REQUIRE_TLS_PIN",
        "DISABLE_TLS_PIN",
        "APP_AUTH_CONTRACT",
        "APP_AUTH_RPC",
        "DISABLE_APP_AUTH",
        "SERVICE",
        "API_KEY",
        "TEST_DATABASE_NAME",
        "TEST_DATABASE_URL",
        "TEST_SOAK_SECONDS",
    }
)
