#!/usr/bin/env bash
# The few programs of the operating system that tests talk to. Each test that needs one says so and skips without it.
set -u
missing=()
command -v ssh-keygen >/dev/null || missing+=(openssh-client)
command -v tmux >/dev/null || missing+=(tmux)
command -v screen >/dev/null || missing+=(screen)
PATH=$PATH:/usr/sbin command -v sshd >/dev/null || missing+=(openssh-server)
command -v chromium >/dev/null || missing+=(chromium)
command -v git >/dev/null || missing+=(git)
command -v rsync >/dev/null || missing+=(rsync)
command -v vim >/dev/null || missing+=(vim)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get -qq update >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "${missing[@]}" >/dev/null 2>&1
fi
for tool in "${missing[@]}"; do echo "tests that need $tool will skip if it is still missing"; done
exit 0
