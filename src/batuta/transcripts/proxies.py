"""The way around a block: the operator's proxies, as youtube-transcript-api's own classes have them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from youtube_transcript_api.proxies import GenericProxyConfig, ProxyConfig, WebshareProxyConfig

from batuta.errors import InvalidRequest


def proxy_config(
    *,
    webshare_username: str | None = None,
    webshare_password: SecretStr | None = None,
    webshare_locations: Sequence[str] = (),
    http_url: SecretStr | None = None,
    https_url: SecretStr | None = None,
) -> ProxyConfig | None:
    """The proxies of the TRANSCRIPT_PROXY_* settings, or None when there are none.

    Raises `InvalidRequest` when Webshare's user or password is missing, or both kinds of proxy are given.
    """
    if (webshare_username is None) != (webshare_password is None):
        raise InvalidRequest(
            "set both TRANSCRIPT_PROXY_WEBSHARE_USERNAME and TRANSCRIPT_PROXY_WEBSHARE_PASSWORD, or neither"
        )
    generic = http_url is not None or https_url is not None
    if webshare_username is not None and webshare_password is not None:
        if generic:
            raise InvalidRequest("set TRANSCRIPT_PROXY_WEBSHARE_* or TRANSCRIPT_PROXY_HTTP(S)_URL, not both")
        return WebshareProxyConfig(
            webshare_username,
            webshare_password.get_secret_value(),
            filter_ip_locations=[location.strip() for location in webshare_locations if location.strip()],
        )
    if generic:
        return GenericProxyConfig(http_url=_told(http_url), https_url=_told(https_url))
    return None


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
