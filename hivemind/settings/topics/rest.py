"""Django REST framework and the OpenAPI schema."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hivemind.kit.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "hivemind.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "hivemind.kit.api.exceptions.handle",
    "UNAUTHENTICATED_USER": None,
    "COMPACT_JSON": True,
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hivemind",
    "DESCRIPTION": "Rooms in which two parties who do not trust each other get an answer from private material.",
    "VERSION": "0.3.7",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"VisibilityEnum": "attestation.manifests.room.VISIBILITIES"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "hivemind.api.schema.postprocess",
    ],
}
