"""Login: a password checked against its scrypt hash, answered with a signed token that carries its own end."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox_api import database

LIFETIME_S = 8 * 60 * 60  # one working day


def is_password(given: str, kept: str) -> bool:
    """Compare a password with a kept `scrypt$salt$hash` in constant time."""
    _, salt, digest = kept.split("$")
    tried = hashlib.scrypt(given.encode(), salt=bytes.fromhex(salt), n=2**13, r=8, p=1)
    return hmac.compare_digest(tried.hex(), digest)


def signature(body: str, secrets: Path) -> str:
    """Sign a token's body with this installation's key."""
    key = (secrets / "token-key").read_text().strip().encode()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


def token_for(user: str, secrets: Path) -> str:
    """Make a token for a user id."""
    claims = json.dumps({"sub": user, "exp": int(time.time()) + LIFETIME_S}).encode()
    body = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    return f"{body}.{signature(body, secrets)}"


def user_of(request: Request) -> str | None:
    """Return the user id of a request's bearer token, or None when it has none that holds."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    body, _, signed = token.partition(".")
    secrets = request.app.state.settings.secrets
    if kind.lower() != "bearer" or not hmac.compare_digest(signature(body, secrets), signed):
        return None
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return str(claims["sub"]) if claims["exp"] > time.time() else None


async def login(request: Request) -> Response:
    """Answer POST /api/auth/login: e-mail and password for a token."""
    given = await request.json()
    async with request.app.state.database.connection() as connection:
        user = await database.one(
            connection, "SELECT id, email, name, password_hash FROM users WHERE email = %s", str(given.get("email", ""))
        )
    if user is None or not is_password(str(given.get("password", "")), user["password_hash"]):
        return JSONResponse({"error": "wrong e-mail or password"}, status_code=401)
    return JSONResponse(
        {
            "access_token": token_for(str(user["id"]), request.app.state.settings.secrets),
            "token_type": "bearer",
            "expires_in": LIFETIME_S,
            "user": {"id": str(user["id"]), "email": user["email"], "name": user["name"]},
        }
    )
