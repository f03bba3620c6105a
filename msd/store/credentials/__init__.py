"""Where credentials rest: the Secret Service, or what the user chose for a machine without one.

    secret-service   SecretServiceVault   the default: GNOME Keyring, KWallet, KeePassXC
    systemd          SystemdVault         `LoadCredential=`; read-only
    pass             PassVault            the standard Unix password manager
    file             FileVault            one file, mode 0600

Only `[secrets] store` in msd.toml chooses; nothing falls back to anything by itself (K1).
"""

from msd.store.credentials.choice import AnyVault, chosen_vault

__all__ = ["AnyVault", "chosen_vault"]
