"""Tokens, which are also Django's users: a request acts in the name of its token."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db import models
from django.utils.crypto import salted_hmac

from orchestration.api.accounts.roles import WORDS, Role


class Token(models.Model):
    """A token, known by the SHA-256 of its text, which is kept nowhere. One row per token that was ever made."""

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=10, choices=[(word, word) for word in WORDS])
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_anonymous = False
    is_authenticated = True

    class Meta:
        """Its place among the tables."""

        db_table = "token"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(role__in=WORDS), name="token_role_is_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rank(self) -> Role:
        """The role, comparable with others."""
        return Role.from_word(self.role)

    @property
    def is_active(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin page lets its holder in."""
        return self.is_active and self.rank is Role.ADMIN

    def get_username(self) -> str:
        """The name, which Django's admin page shows."""
        return self.name

    def natural_key(self) -> tuple[str]:
        """The name, by which Django's fixtures would know it."""
        return (self.name,)

    def has_perm(self, _permission: str, _object: object = None) -> bool:
        """Whether Django's admin page shows a table to its holder; who may change what, its classes say."""
        return self.is_staff

    def has_module_perms(self, _app: str) -> bool:
        """As :meth:`has_perm`, for all tables of a folder."""
        return self.is_staff

    def get_session_auth_hash(self) -> str:
        """What binds a session to this token and its role."""
        return salted_hmac("doubleread.session", f"{self.digest}{self.role}", algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """No session made with an earlier key is taken."""
        return iter(())


class TokenUse(models.Model):
    """How many requests a token has taken in the current minute. One row per token that was ever used."""

    token: Any = models.OneToOneField(Token, on_delete=models.CASCADE, primary_key=True, related_name="use")
    minute = models.BigIntegerField()
    taken = models.BigIntegerField()
    last_used_at = models.DateTimeField()

    class Meta:
        """Its place among the tables."""

        db_table = "token_use"

    def __str__(self) -> str:
        return f"{self.token_id}: {self.taken} in minute {self.minute}"
