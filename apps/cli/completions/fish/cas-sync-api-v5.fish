# Completion of cas-sync-api-v5 for fish. Made from the tables of its flags: do not edit.

# The command that was typed so far, and how many words follow it.
function __cas_sync_api_v5_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word -f --file --mirror-dir -p --platform --label --concurrency --bandwidth --timeout --max-delete -l --log-level
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
function __cas_sync_api_v5_in
    set -l state (__cas_sync_api_v5_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function __cas_sync_api_v5_at
    set -l state (__cas_sync_api_v5_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c cas-sync-api-v5 -f
complete -c cas-sync-api-v5 -s f -l file -r -F -d 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)'
complete -c cas-sync-api-v5 -l mirror-dir -x -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))" -d 'Folder of the mirror'
complete -c cas-sync-api-v5 -s p -l platform -x -a 'noarch emscripten-wasm32 emscripten-wasm64 wasi-wasm32 freebsd-32 freebsd-64 freebsd-arm64 linux-32 linux-64 linux-aarch64 linux-armv6l linux-armv7l linux-loongarch64 linux-ppc linux-ppc64 linux-ppc64le linux-riscv32 linux-riscv64 linux-s390x osx-32 osx-64 osx-arm64 win-32 win-64 win-arm64 zos-z android-32 android-64 android-aarch64 android-armv7a ios-arm64 iossimulator-64 iossimulator-arm64' -d 'Platform, instead of the configured ones (repeatable)'
complete -c cas-sync-api-v5 -l strict -d 'Refuse a configuration with unknown keys'
complete -c cas-sync-api-v5 -l label -x -d 'Label of what is uploaded to an Anaconda repository (main; repeatable)'
complete -c cas-sync-api-v5 -l private -d 'Packages that have to be created there are for their owner alone'
complete -c cas-sync-api-v5 -l concurrency -x -d 'Artifacts to upload at once (4)'
complete -c cas-sync-api-v5 -s c -l clean -d 'Remove from the server what upstream lists no more'
complete -c cas-sync-api-v5 -l replace -d 'Replace what the server has under the same name with other bytes, instead of reporting it'
complete -c cas-sync-api-v5 -l bandwidth -x -d 'Limit for all of them together, such as 10MB/s'
complete -c cas-sync-api-v5 -l timeout -x -d 'How long a server may send nothing (30s)'
complete -c cas-sync-api-v5 -l max-delete -x -d 'Delete at most so many artifacts in this run (1000)'
complete -c cas-sync-api-v5 -l allow-empty -d 'Accept, once, that upstream lists nothing or is gone'
complete -c cas-sync-api-v5 -l allow-shrink -d 'Accept, once, that upstream removed much'
complete -c cas-sync-api-v5 -s n -l dry-run -d 'Show what would happen, and change nothing'
complete -c cas-sync-api-v5 -l config -l show-config -l show -d 'Show the running configuration, and exit'
complete -c cas-sync-api-v5 -l show-secrets -d 'With it, show tokens and passwords'
complete -c cas-sync-api-v5 -l json -d 'Print events as NDJSON; the last line is the result or the error'
complete -c cas-sync-api-v5 -s q -l quiet -d 'Print nothing but warnings and errors'
complete -c cas-sync-api-v5 -s l -l log-level -x -a 'CRITICAL ERROR WARNING INFO DEBUG' -d 'CRITICAL, ERROR, WARNING, INFO or DEBUG (INFO)'
complete -c cas-sync-api-v5 -s v -l verbose -d 'Short for --log-level DEBUG'
complete -c cas-sync-api-v5 -s h -l help -d 'Show this help'
complete -c cas-sync-api-v5 -l version -d 'Show the version'
