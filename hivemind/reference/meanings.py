"""What each setting means to an operator, by its name without the prefix."""

from typing import Final

MEANINGS: Final[dict[str, str]] = {
    "HOST": "Address that the web server listens on.",
    "PORT": "Port that the web server listens on.",
    "PUBLIC_URL": "Address under which clients reach the service. It is written into invite links; "
    "when it begins with https, cookies are marked secure.",
    "STATE_DIR": "Folder of keys, logs, stage files and the embedded services. Empty: `var/` of the checkout.",
    "DATABASE_URL": "Control database, as `postgresql://user:password@host:port/name`. Empty: the embedded Postgres.",
    "REDIS_URL": "Broker and cache, as `redis://host:port/0`. Empty: the embedded Redis.",
    "SECRET_KEY": "Key of sessions and of the passwords of database roles. Empty: made once, in the state directory.",
    "ADMIN_KEY": "Bearer of the operator's routes of the API. Empty: those routes are closed.",
    "ALLOWED_HOSTS": "Host names that are answered, separated by commas. Empty: all.",
    "TRUSTED_PROXIES": "Networks, separated by commas, whose X-Forwarded headers are believed.",
    "CORS_ALLOW_ORIGINS": "Reserved, not used yet.",
    "DEBUG": "Django's debug mode. Never outside a developer's machine.",
    "LLM_API_KEY": "Key of the OpenAI-compatible upstream that rooms call `openrouter`. Empty: no such provider.",
    "LLM_BASE_URL": "Address of that upstream.",
    "LLM_MODEL": "Model of every stage that has none of its own.",
    "LLM_TIMEOUT_SECONDS": "Longest wait for one call of an upstream.",
    "TINFOIL_API_KEY": "Key of the upstream that rooms call `tinfoil`. Empty: no such provider.",
    "TINFOIL_BASE_URL": "Address of that upstream.",
    "DISABLED_LLM_PROVIDERS": "Providers that are switched off, separated by commas.",
    "DISABLED_LLM_ROUTES": "Pairs of provider and model that are switched off, separated by commas.",
    "SCOPE_MODEL": "Model of scope agents.",
    "QUERY_MODEL": "Model of query agents.",
    "MEDIATOR_MODEL": "Model of mediator agents.",
    "MEDIATOR_ALWAYS_LLM": "Told to mediator agents, which may heed it: ask a model about every answer.",
    "DOCKER_HOST": "Container engine. Empty: the `DOCKER_HOST` of the environment, else the usual socket.",
    "CONTAINER_RUNTIME": "Runtime of agent containers, for example `runsc` for gVisor. Empty: the engine's own.",
    "CONTAINER_MEMORY_MB": "Most memory of one agent container.",
    "CONTAINER_CPU_QUOTA": "Processors of one agent container.",
    "CONTAINER_PIDS_LIMIT": "Most processes of one agent container.",
    "CONTAINER_USER": "User and group that agents run as.",
    "DOCKER_BUILD_TIMEOUT_SECONDS": "Longest build of an agent image.",
    "DOCKER_BUILD_MEMORY_MB": "Most memory of an image build.",
    "DOCKER_BUILD_CPU_SHARES": "Weight of an image build among others; 1024 is a container's normal weight.",
    "BUILD_INDEX_URL": "Package index that the steps of image builds reach, by the address of its simple pages; it may "
    "carry a name and password, which builds do not see. Everything on its origin is reachable and nothing else is. "
    "Empty: builds have no network.",
    "AGENT_BASE_IMAGE": "Read by `agents/base/build.sh`: a published image to start the agents' base image from.",
    "AGENT_BASE_HERMES_IMAGE": "Read by `agents/base/build.sh`: the image that `hivemind-agent-base-hermes` is to "
    "name.",
    "DEFAULT_QUERY_MAX_TOKENS": "Tokens of a run that asks for no number.",
    "MAX_TOKENS": "Most tokens that a run may ask for.",
    "MAX_LLM_CALLS": "Most model calls of one stage.",
    "AGENT_TIMEOUT": "Longest stage, in seconds.",
    "MAX_RUN_OUTPUT_CHARS": "Longest answer; the rest is cut off.",
    "CONCURRENT_RUNS": "Tasks that the worker of `manage.py up` carries out at a time.",
    "SIMULATIONS_PER_RUN": "Simulated queries of one run at a time; more wait their turn.",
    "SIMULATIONS_PER_WORKER": "Simulated queries of one worker process at a time, whatever run they belong to.",
    "SCOPE_ENABLE_SIMULATION_TOOLS": "Told to scope agents: `true` offers simulation to their models. Empty: `true` in "
    "every mode but `fast`.",
    "SCOPE_ENABLE_AGENT_FILE_TOOLS": "Told to scope agents: `true` offers the query agent's files to their models. "
    "Empty: `true` in every mode but `fast`.",
    "SCOPE_ENABLE_ROOM_VAULT_TOOLS": "Told to scope agents: `true` offers the vault to their models. Empty: `true` "
    "where the vault has items.",
    "DISABLE_SIMULATE": "Told to scope agents as it is: do not simulate.",
    "DISABLE_SEMLIFT": "Told to scope agents as it is: do not ask a model what rows mean.",
    "SCOPE_MAX_ATTEMPTS": "Told to scope agents as it is: how often to try.",
    "SCOPE_MULTI": "Told to scope agents as it is: simulate several candidates at once.",
    "SCOPE_CI": "Told to scope agents as it is: they run in a test.",
    "ARTIFACT_MAX_FILES": "How many files one run may leave.",
    "ARTIFACT_MAX_TOTAL_BYTES": "How large the uploads of one run may be together, replaced ones too.",
    "ARTIFACT_RETENTION_SECONDS": "How long answers, kept prompts and artifacts stay readable.",
    "ARTIFACT_SWEEP_INTERVAL_SECONDS": "How often what is too old is removed.",
    "UPLOAD_RETENTION_SECONDS": "How long a package that came with a question is kept after the last run it "
    "was part of; then its source and image go.",
    "MAX_UPLOADS_PER_GUEST": "Packages that one invite, or the owner, may have brought to one room.",
    "MAX_UPLOADS_PER_ROOM": "Packages that all participants of one room together may have brought there.",
    "MAX_AGENTS_PER_TENANT": "Agents of one tenant, those that participants brought to its rooms included.",
    "MAX_SOURCE_MB_PER_TENANT": "Megabytes that the packages of one tenant may have together, unpacked.",
    "MAX_IMAGES_PER_TENANT": "Images of one tenant that the engine keeps; of more, those not used for longest go, and "
    "are built again from the stored source when they are needed.",
    "THROTTLE_SIGNUP": "Signups from one client address, as `5/hour`; an IPv6 client counts by its /64 network.",
    "THROTTLE_REDEEM": "Attempts of one tenant to redeem a credit code.",
    "THROTTLE_FAILED_AUTH": "Refused bearers, admin keys and payer keys from one client address. Beyond it what would "
    "be a 401 is a 429; a valid credential always passes.",
    "THROTTLE_EVIDENCE": "Fresh quotes, `GET /v1/attestation?nonce=`, for one client address; what was collected "
    "before is served without limit.",
    "THROTTLE_PUBLIC": "Signed revocations read by one client address, which needs no credential for that.",
    "THROTTLE_SIGN_IN": "Passwords tried at the admin's login page by one client address, for whichever accounts.",
    "SCOPE_MODE": "Mode that every scope agent is told to work in. Empty: chosen for each run.",
    "AUTOLOAD_DEFAULT_AGENTS": "Offer the agents whose image is set below. Off: none of them.",
    "BUNDLED_AGENTS_DIR": "Folder with the packages of the bundled agents. Empty: `agents` of this installation.",
    "DEFAULT_SCOPE_AGENT": "Id of the offered scope agent. Empty: `default-scope`. No room gets one unasked.",
    "DEFAULT_QUERY_AGENT": "Query agent of rooms whose owner names none and does not leave it to participants. Empty: "
    "`default-query` where it is offered.",
    "DEFAULT_MEDIATOR_AGENT": "Mediator of rooms whose owner names none. Empty: `default-mediator` where that is "
    "offered.",
    "DEFAULT_SCOPE_IMAGE": "Offers `default-scope`: `hivemind-default-scope` for the bundled package, or an "
    "image of the engine. Empty: not offered.",
    "DEFAULT_QUERY_IMAGE": "Offers `default-query`: `hivemind-default-query` for the bundled package, or an "
    "image of the engine. Empty: not offered.",
    "DEFAULT_MEDIATOR_IMAGE": "Offers `default-mediator`: `hivemind-default-mediator` for the bundled package, or an "
    "image of the engine. Empty: not offered.",
    "DEFAULT_SCOPE_HERMES_AGENT": "Id under which `default-scope-hermes` is offered. Empty: that name.",
    "DEFAULT_SCOPE_HERMES_IMAGE": "Offers `default-scope-hermes`: `hivemind-default-scope-hermes` for the "
    "bundled package, or an image of the engine. Empty: not offered.",
    "DEFAULT_QUERY_HERMES_AGENT": "Id under which `default-query-hermes` is offered. Empty: that name.",
    "DEFAULT_QUERY_HERMES_IMAGE": "Offers `default-query-hermes`: `hivemind-default-query-hermes` for the "
    "bundled package, or an image of the engine. Empty: not offered.",
    "DEFAULT_MEDIATOR_HERMES_AGENT": "Id under which `default-mediator-hermes` is offered. Empty: that name.",
    "DEFAULT_MEDIATOR_HERMES_IMAGE": "Offers `default-mediator-hermes`: `hivemind-default-mediator-hermes` for the "
    "bundled package, or an image of the engine. Empty: not offered.",
    "ADMIN_REQUIRE_OTP": "Require a second factor of every operator; who has none reaches only the page to set one up.",
    "BILLING_ENFORCE_CREDITS": "Refuse runs that the payer's credit does not cover, or whose models have no price.",
    "SELF_SERVE_SIGNUP_ENABLED": "Let anybody make a tenant with `POST /v1/signup`.",
    "SIGNUP_STARTER_CREDIT_CODE": "Credit code that is redeemed for every tenant that signs up. Empty: none.",
    "EVIDENCE": "Where the proof of what runs comes from. `dstack`: quotes of this machine. `development`: quotes of "
    "the stand-in `manage.py dev_guest_agent`, which prove nothing about hardware. Empty: none is offered.",
    "DSTACK_ENDPOINT": "Guest agent, as the path of its socket or as a URL. Empty: the usual sockets of a dstack "
    "machine, or the stand-in's own.",
    "EVIDENCE_TIMEOUT_SECONDS": "Longest collection of evidence, and how long after its start a process lets run "
    "records wait for their signer.",
    "ENCLAVE_TLS": "End TLS in the web server, with a key of the guest agent; quotes name its certificate. Needs "
    "`HIVEMIND_EVIDENCE`. Without the key the web server does not start.",
    "PINNING_GATEWAY": "Gateway that passes TLS through to this machine; the address that is shown for it begins with "
    "the application's id and the port. Empty: none is shown.",
    "APP_AUTH_CONTRACT": "Contract in which the operator registers builds, shown with the evidence. Empty: none is.",
    "APP_AUTH_CHAIN_ID": "Number of that contract's chain.",
    "APP_AUTH_RPC_URL": "Address of a node of that chain.",
    "APP_AUTH_EXPLORER_BASE_URL": "Address of an explorer of that chain.",
    "PCCS_URL": "Cache of the hardware maker's statements, from which the Evidence page of the admin judges this "
    "machine. Empty: the page cannot judge real hardware. Clients read the same variable on their own machines.",
}
