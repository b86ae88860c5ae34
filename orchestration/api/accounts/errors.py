"""Illegal states of tokens, each with its HTTP status."""

from orchestration.api.web.errors import NotFoundError, ServiceError


class TokenExistsError(ServiceError):
    """The name is another token's."""

    status = 409


class TokenNameError(ServiceError):
    """The name is not one that a token may have."""


class UnknownTokenError(NotFoundError):
    """No token has this name."""


class TokenRevokedError(ServiceError):
    """The token was revoked before."""

    status = 409
