"""Where credentials rest: the Secret Service, or what the user chose for a machine without one.

    secret-service   SecretServiceCredentialStore   the default: GNOME Keyring, KWallet, KeePassXC
    systemd          SystemdCredentialStore         `LoadCredential=`; read-only
    pass             PassCredentialStore            the standard Unix password manager
    file             FileCredentialStore            one file, mode 0600

Only `[secrets] store` in msd.toml chooses; nothing falls back to anything by itself (K1).
"""

from msd.store.credentials.choice import AnyCredentialStore, chosen_credential_store

__all__ = ["AnyCredentialStore", "chosen_credential_store"]
