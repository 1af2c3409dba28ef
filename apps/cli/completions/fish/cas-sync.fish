# Completion of cas-sync for fish. Made from the tables of its flags: do not edit.

# The command that was typed so far, and how many words follow it.
function __cas_sync_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word -f --file --mirror-dir -c --channel -p --platform --reuse --grace --concurrency --bandwidth --timeout --max-delete --reserve --metrics-file -l --log-level
            and set awaited 1
        else if contains -- (string trim -- "$command $word") 
            set command (string trim -- "$command $word")
            set place 0
        else
            set place (math $place + 1)
        end
    end
    printf '%s\n' $command $place
end

# Is it one of these commands?
function __cas_sync_in
    set -l state (__cas_sync_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function __cas_sync_at
    set -l state (__cas_sync_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c cas-sync -f
complete -c cas-sync -s f -l file -r -F -d 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)'
complete -c cas-sync -l mirror-dir -x -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))" -d 'Folder of the mirror'
complete -c cas-sync -s c -l channel -x -d 'Channel, instead of the configured ones (repeatable)'
complete -c cas-sync -s p -l platform -x -a 'noarch emscripten-wasm32 emscripten-wasm64 wasi-wasm32 freebsd-32 freebsd-64 freebsd-arm64 linux-32 linux-64 linux-aarch64 linux-armv6l linux-armv7l linux-loongarch64 linux-ppc linux-ppc64 linux-ppc64le linux-riscv32 linux-riscv64 linux-s390x osx-32 osx-64 osx-arm64 win-32 win-64 win-arm64 zos-z android-32 android-64 android-aarch64 android-armv7a ios-arm64 iossimulator-64 iossimulator-arm64' -d 'Platform, instead of the configured ones (repeatable)'
complete -c cas-sync -l strict -d 'Refuse a configuration with unknown keys'
complete -c cas-sync -l reuse -x -a 'replace after-grace keep drop' -d 'A name that upstream used again: replace, after-grace, keep or drop'
complete -c cas-sync -l grace -x -d 'How long to keep what no index names any more (24h; 0: not at all)'
complete -c cas-sync -l concurrency -x -d 'Artifacts to fetch at once (32)'
complete -c cas-sync -l bandwidth -x -d 'Limit for all of them together, such as 10MB/s'
complete -c cas-sync -l timeout -x -d 'How long a server may send nothing (30s)'
complete -c cas-sync -l partial -d 'Publish a subdir without the artifacts that cannot be had, instead of holding it'
complete -c cas-sync -l adopt -d 'Take over a folder that another tool filled; --no-adopt refuses it'
complete -c cas-sync -l no-adopt -d 'Take over a folder that another tool filled; --no-adopt refuses it'
complete -c cas-sync -l max-delete -x -d 'Delete at most so many artifacts in this run (1000)'
complete -c cas-sync -l reserve -x -d 'Refuse to start unless so much of the disk stays free (1 % of it, at most 1 GiB; 0: nothing)'
complete -c cas-sync -l allow-empty -d 'Accept, once, that upstream lists nothing or is gone'
complete -c cas-sync -l allow-shrink -d 'Accept, once, that upstream removed much'
complete -c cas-sync -l allow-selection -d 'Accept, once, that a changed configuration removes much'
complete -c cas-sync -l allow-rollback -d 'Accept, once, an index older than the last one'
complete -c cas-sync -s n -l dry-run -d 'Show what would happen, and change nothing'
complete -c cas-sync -l metrics-file -r -F -d 'Write what came of the run for the textfile collector of Prometheus'
complete -c cas-sync -l config -l show-config -l show -d 'Show the running configuration, and exit'
complete -c cas-sync -l show-secrets -d 'With it, show tokens and passwords'
complete -c cas-sync -l json -d 'Print events as NDJSON; the last line is the result or the error'
complete -c cas-sync -s q -l quiet -d 'Print nothing but warnings and errors'
complete -c cas-sync -s l -l log-level -x -a 'CRITICAL ERROR WARNING INFO DEBUG' -d 'CRITICAL, ERROR, WARNING, INFO or DEBUG (INFO)'
complete -c cas-sync -s v -l verbose -d 'Short for --log-level DEBUG'
complete -c cas-sync -s h -l help -d 'Show this help'
complete -c cas-sync -l version -d 'Show the version'
