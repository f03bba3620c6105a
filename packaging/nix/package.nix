# nix-build -E 'with import <nixpkgs> {}; callPackage ./packaging/nix/package.nix {}'
#
# home-manager: systemd.user.packages = [ msd ]; or copy the unit with
#   systemd.user.services.msd = { Service.ExecStart = "${msd}/bin/msd"; ... };
{ lib, python3, installShellFiles }:

python3.pkgs.buildPythonApplication {
  pname = "msd";
  version = "0.1.0";
  pyproject = true;
  src = ../..;

  build-system = [ python3.pkgs.hatchling ];
  nativeBuildInputs = [ installShellFiles ];
  dependencies = with python3.pkgs; [
    anyio cryptography dbus-next defusedxml httpcore httpx inotify-simple jeepney keyring msgspec
    parse-torrent-title pillow platformdirs pymediainfo rich secretstorage segno sqlalchemy tinytag
    wsproto xxhash
  ];
  doCheck = false; # the tests start buses and servers of their own

  postInstall = ''
    data=$out/${python3.sitePackages}/msd/_data
    install -Dm644 $data/systemd/msd.service $out/share/systemd/user/msd.service
    substituteInPlace $out/share/systemd/user/msd.service \
      --replace-fail "ExecStart=/usr/bin/env msd" "ExecStart=$out/bin/msd"
    install -Dm644 $data/dbus/org.msd.Msd1.service -t $out/share/dbus-1/services
    substituteInPlace $out/share/dbus-1/services/org.msd.Msd1.service \
      --replace-fail "/usr/bin/env msd" "$out/bin/msd"
    install -Dm644 $data/dbus/*.xml -t $out/share/dbus-1/interfaces
    PYTHONPATH=$out/${python3.sitePackages}:$PYTHONPATH python -m msd.cli.manual manual
    installManPage manual/man/*
    installShellCompletion --bash manual/completions/msdctl --zsh manual/completions/_msdctl \
      --fish manual/completions/msdctl.fish
  '';

  meta = {
    description = "Media Source Daemon: Plex, Jellyfin and folders behind one D-Bus service";
    license = lib.licenses.mit;
    platforms = lib.platforms.linux;
    mainProgram = "msdctl";
  };
}
