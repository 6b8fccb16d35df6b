"""TLS on the way to Vault, as Vault's own command line has it."""

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from credhelper.errors import ConfigError
from tests.support.servers.openbao import Certificates, OpenBao
from tests.unit.secrets.backends.bao import VALUE, Environ, as_root, read, refused, store

pytestmark = [pytest.mark.xdist_group("openbao"), pytest.mark.usefixtures("quick")]


def test_roots_as_text(
    openbao_tls: OpenBao, certificates: Certificates, clean_environ: Environ
) -> None:
    """VAULT_CACERT_BYTES replaces all other roots; what is none is named."""
    path = store(openbao_tls)
    settings = as_root(openbao_tls, clean_environ)
    clean_environ("VAULT_CACERT_BYTES", Path(certificates.ca).read_text())
    assert read(f"{path}#k", settings) == VALUE
    clean_environ("SSL_CERT_FILE", certificates.ca)
    clean_environ("VAULT_CACERT_BYTES", Path(certificates.other_ca).read_text())
    assert "is not trusted" in refused(ConfigError, f"{path}#k", settings)
    clean_environ("VAULT_CACERT_BYTES", "none")
    line = refused(ConfigError, f"{path}#k", settings)
    assert "VAULT_CACERT_BYTES holds no certificate" in line
    clean_environ("VAULT_CACERT", certificates.ca)
    assert read(f"{path}#k", settings) == VALUE


def test_folder_of_roots(
    openbao_tls: OpenBao, certificates: Certificates, clean_environ: Environ, tmp_path: Path
) -> None:
    """VAULT_CAPATH names a folder of PEM files, which nobody has hashed."""
    path = store(openbao_tls)
    settings = as_root(openbao_tls, clean_environ)
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "other.pem").write_bytes(Path(certificates.other_ca).read_bytes())
    clean_environ("VAULT_CAPATH", f"{tmp_path}/roots")
    assert "is not trusted" in refused(ConfigError, f"{path}#k", settings)
    (tmp_path / "roots" / "corp.crt").write_bytes(Path(certificates.ca).read_bytes())
    assert read(f"{path}#k", settings) == VALUE
    clean_environ("VAULT_TLS_SERVER_NAME", "vault.test")
    assert "is not trusted" in refused(ConfigError, f"{path}#k", settings)


def test_name_of_the_server(
    openbao_tls: OpenBao, certificates: Certificates, clean_environ: Environ
) -> None:
    """VAULT_TLS_SERVER_NAME is what the certificate must be for, whatever the address says."""
    path = store(openbao_tls)
    settings = as_root(openbao_tls, clean_environ, ca=certificates.ca)
    clean_environ("VAULT_TLS_SERVER_NAME", "vault.test")
    assert "is not trusted" in refused(ConfigError, f"{path}#k", settings)
    settings["address"] = openbao_tls.address.replace("127.0.0.1", "localhost")
    clean_environ("VAULT_TLS_SERVER_NAME", "127.0.0.1")
    assert read(f"{path}#k", settings) == VALUE


def test_skip_verify(openbao_tls: OpenBao, clean_environ: Environ) -> None:
    """The switch that trusts everybody is not followed, and who has set it is told so."""
    settings = as_root(openbao_tls, clean_environ)
    clean_environ("VAULT_SKIP_VERIFY", "true")
    line = refused(ConfigError, "secret/app#k", settings, openbao_tls.token)
    assert "is not trusted" in line
    assert "(VAULT_SKIP_VERIFY is not followed)" in line


def test_http_to_a_tls_port(openbao_tls: OpenBao, clean_environ: Environ) -> None:
    """It is the address that is wrong, and no login."""
    settings = as_root(openbao_tls, clean_environ)
    settings["address"] = openbao_tls.address.replace("https://", "http://")
    line = refused(ConfigError, "secret/app#k", settings, openbao_tls.token)
    assert " speaks TLS on this port" in line
    assert "write https:// in profiles.t.vault.address" in line


def test_client_certificate(
    openbao_tls: OpenBao, certificates: Certificates, clean_environ: Environ, tmp_path: Path
) -> None:
    """A key that is encrypted, missing or another's is named, and nobody is asked for a word."""
    settings = as_root(openbao_tls, clean_environ, ca=certificates.ca)
    path = store(openbao_tls)
    key = Path(certificates.client_key).read_bytes()
    locked = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")
    )
    (tmp_path / "locked.key").write_bytes(locked)
    other = trustme.CA().issue_cert("other.test")
    other.private_key_pem.write_to_path(str(tmp_path / "other.key"))
    wanted = {
        f"{tmp_path}/locked.key": "vault.client_key is encrypted",
        f"{tmp_path}/other.key": "profiles.t.vault.client_key are no certificate and",
        "": "vault.client_key is missing",
    }
    settings["client_cert"] = certificates.client_cert
    for file, told in wanted.items():
        key_of = {"client_key": file} if file else {}
        line = refused(ConfigError, f"{path}#k", {**settings, **key_of})
        assert told in line
    both = tmp_path / "both.pem"
    both.write_bytes(Path(certificates.client_cert).read_bytes() + key)
    assert read(f"{path}#k", {**settings, "client_cert": str(both)}) == VALUE
    del settings["client_cert"]
    clean_environ("BAO_CLIENT_CERT", certificates.client_cert)
    clean_environ("BAO_CLIENT_KEY", f"{tmp_path}/locked.key")
    assert "BAO_CLIENT_KEY is encrypted" in refused(ConfigError, f"{path}#k", settings)
    clean_environ("BAO_CLIENT_KEY", f"{tmp_path}/nowhere")
    line = refused(ConfigError, f"{path}#k", settings)
    assert f"BAO_CLIENT_KEY names no file; correct {tmp_path}/nowhere" in line
