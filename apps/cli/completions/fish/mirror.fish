# Completion of mirror for fish. Made from the tables of its flags: do not edit.

# The command that was typed so far, and how many words follow it.
function __mirror_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word -f --file --mirror-dir -c --channel -p --platform --reuse --grace --concurrency --bandwidth --timeout --max-delete --reserve --metrics-file -l --log-level --remove-channel --to --generation --key --request --since --volume-size --sign --label --port --host --max-age --access-log --processes --tokens --htpasswd --tls-cert --tls-key --for --expires --from --output
            and set awaited 1
        else if contains -- (string trim -- "$command $word") 'delta' 'token' 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new' 'config' 'completion'
            set command (string trim -- "$command $word")
            set place 0
        else
            set place (math $place + 1)
        end
    end
    printf '%s\n' $command $place
end

# Is it one of these commands?
function __mirror_in
    set -l state (__mirror_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function __mirror_at
    set -l state (__mirror_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c mirror -f
complete -c mirror -s h -l help -d 'Show this help'
complete -c mirror -l version -d 'Show the version'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new' 'config'" -s f -l file -r -F -d 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta request' 'diff' 'upload' 'serve' 'config'" -l mirror-dir -x -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))" -d 'Folder of the mirror'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'delta create' 'delta request' 'diff' 'upload' 'config'" -s c -l channel -x -d 'Channel, instead of the configured ones (repeatable)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'diff' 'upload' 'config'" -s p -l platform -x -a 'noarch emscripten-wasm32 emscripten-wasm64 wasi-wasm32 freebsd-32 freebsd-64 freebsd-arm64 linux-32 linux-64 linux-aarch64 linux-armv6l linux-armv7l linux-loongarch64 linux-ppc linux-ppc64 linux-ppc64le linux-riscv32 linux-riscv64 linux-s390x osx-32 osx-64 osx-arm64 win-32 win-64 win-arm64 zos-z android-32 android-64 android-aarch64 android-armv7a ios-arm64 iossimulator-64 iossimulator-arm64' -d 'Platform, instead of the configured ones (repeatable)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new' 'config'" -l strict -d 'Refuse a configuration with unknown keys'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'config'" -l reuse -x -a 'replace after-grace keep drop' -d 'A name that upstream used again: replace, after-grace, keep or drop'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'prune' 'merge' 'delta apply' 'config'" -l grace -x -d 'How long to keep what no index names any more (24h; 0: not at all)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'verify' 'config'" -l concurrency -x -d 'Artifacts to fetch at once (32)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'verify' 'upload' 'config'" -l bandwidth -x -d 'Limit for all of them together, such as 10MB/s'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'verify' 'diff' 'upload' 'config'" -l timeout -x -d 'How long a server may send nothing (30s)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'adopt'" -l partial -d 'Publish a subdir without the artifacts that cannot be had, instead of holding it'
complete -c mirror -n "__mirror_in 'sync' 'plan'" -l adopt -d 'Take over a folder that another tool filled; --no-adopt refuses it'
complete -c mirror -n "__mirror_in 'sync' 'plan'" -l no-adopt -d 'Take over a folder that another tool filled; --no-adopt refuses it'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'prune' 'upload'" -l max-delete -x -d 'Delete at most so many artifacts in this run (1000)'
complete -c mirror -n "__mirror_in 'sync' 'plan'" -l reserve -x -d 'Refuse to start unless so much of the disk stays free (1 % of it, at most 1 GiB; 0: nothing)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'upload'" -l allow-empty -d 'Accept, once, that upstream lists nothing or is gone'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'upload'" -l allow-shrink -d 'Accept, once, that upstream removed much'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'prune'" -l allow-selection -d 'Accept, once, that a changed configuration removes much'
complete -c mirror -n "__mirror_in 'sync' 'plan'" -l allow-rollback -d 'Accept, once, an index older than the last one'
complete -c mirror -n "__mirror_in 'sync' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'upload'" -s n -l dry-run -d 'Show what would happen, and change nothing'
complete -c mirror -n "__mirror_in 'sync' 'verify' 'prune'" -l metrics-file -r -F -d 'Write what came of the run for the textfile collector of Prometheus'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new'" -l json -d 'Print events as NDJSON; the last line is the result or the error'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new'" -s q -l quiet -d 'Print nothing but warnings and errors'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new'" -s l -l log-level -x -a 'CRITICAL ERROR WARNING INFO DEBUG' -d 'CRITICAL, ERROR, WARNING, INFO or DEBUG (INFO)'
complete -c mirror -n "__mirror_in 'sync' 'plan' 'explain' 'verify' 'status' 'prune' 'rollback' 'snapshot' 'adopt' 'merge' 'delta create' 'delta apply' 'delta inspect' 'delta request' 'delta new-key' 'diff' 'upload' 'serve' 'token new'" -s v -l verbose -d 'Short for --log-level DEBUG'
complete -c mirror -n "__mirror_in 'verify'" -l full -d 'Read every byte, also of files that have not changed since they were read'
complete -c mirror -n "__mirror_in 'verify'" -l repair -d 'Make right what is wrong, from upstream and from the copies of the indexes'
complete -c mirror -n "__mirror_in 'prune'" -l remove-channel -x -d 'Remove the channel in this folder of the mirror, which the configuration does not name (repeatable)'
complete -c mirror -n "__mirror_in 'rollback'" -l to -x -d 'The number of a generation, or the name of a snapshot (the state before this one)'
complete -c mirror -n "__mirror_in 'rollback'" -l list -d 'Show what can be rolled back to'
complete -c mirror -n "__mirror_in 'snapshot'" -l generation -x -d 'The generation to name (the newest)'
complete -c mirror -n "__mirror_in 'merge' 'delta apply'" -l key -r -F -d 'Trust this minisign key (its text, or a .pub file) and apply nothing that it did not sign (repeatable)'
complete -c mirror -n "__mirror_in 'merge' 'delta apply'" -l deep -d 'Compare everything that stays byte for byte, not by size'
complete -c mirror -n "__mirror_in 'merge' 'delta apply'" -l allow-older -d 'Apply a delta that fits though a later one was applied before'
complete -c mirror -n "__mirror_in 'merge' 'delta apply'" -l request -r -F -d 'Where to write what is here when the delta does not fit (request.jsonl)'
complete -c mirror -n "__mirror_in 'delta create'" -l since -r -F -d 'What the other side has: a reference or request file, or @NAME for a snapshot or generation that is kept here; several: the delta fits any of them; none: it has nothing (repeatable)'
complete -c mirror -n "__mirror_in 'delta create'" -l volume-size -x -d 'Split a tarball into volumes of at most that size, such as 4G'
complete -c mirror -n "__mirror_in 'delta create'" -l sign -r -F -d 'Sign with this secret key: a file of minisign'
complete -c mirror -n "__mirror_in 'delta create'" -l with-tool -d 'Put the program that applies it beside it: one file, with a few words and checksums'
complete -c mirror -n "__mirror_in 'delta create' 'delta inspect'" -l list -d 'Name every file'
complete -c mirror -n "__mirror_in 'delta inspect'" -l verify -d 'Compare every file with its checksum'
complete -c mirror -n "__mirror_in 'delta inspect'" -l key -r -F -d 'Fail unless this minisign key (its text, or a .pub file) signed it (repeatable)'
complete -c mirror -n "__mirror_in 'diff'" -l list -d 'Name every artifact that differs'
complete -c mirror -n "__mirror_in 'diff'" -l exit-code -d 'End with 1 where something differs, not with 0'
complete -c mirror -n "__mirror_in 'upload'" -l to -x -d 'KIND+https://HOST/CHANNEL, of the kinds quetz, prefix, artifactory, anaconda and anaconda6 (dest_url, else the site of anaconda-client that dest_site names)'
complete -c mirror -n "__mirror_in 'upload'" -l label -x -d 'Label of what is uploaded to an Anaconda repository (main; repeatable)'
complete -c mirror -n "__mirror_in 'upload'" -l private -d 'Packages that have to be created there are for their owner alone'
complete -c mirror -n "__mirror_in 'upload'" -l concurrency -x -d 'Artifacts to upload at once (4)'
complete -c mirror -n "__mirror_in 'upload'" -l clean -d 'Remove from the server what upstream lists no more'
complete -c mirror -n "__mirror_in 'upload'" -l replace -d 'Replace what the server has under the same name with other bytes, instead of reporting it'
complete -c mirror -n "__mirror_in 'serve'" -l port -x -d 'Port to listen to; 0 takes any that is free (80 for root, otherwise 8080; with TLS 443 and 8443)'
complete -c mirror -n "__mirror_in 'serve'" -l host -x -d 'Address to listen to (every address of this machine)'
complete -c mirror -n "__mirror_in 'serve'" -l max-age -x -d 'Not ready (/readyz) when the last good sync is older (age does not count)'
complete -c mirror -n "__mirror_in 'serve'" -l access-log -x -a 'combined json none' -d 'What is printed of each request: combined, json or none (combined; json with --json)'
complete -c mirror -n "__mirror_in 'serve'" -l processes -x -d 'Serve with so many processes (1)'
complete -c mirror -n "__mirror_in 'serve'" -l tokens -r -F -d 'Answer only those who have a token that is in this file (everybody)'
complete -c mirror -n "__mirror_in 'serve'" -l htpasswd -r -F -d 'Answer only users that are in this file, which htpasswd -B made (everybody)'
complete -c mirror -n "__mirror_in 'serve'" -l tls-cert -r -F -d 'Serve over TLS with this certificate (plain HTTP)'
complete -c mirror -n "__mirror_in 'serve'" -l tls-key -r -F -d 'The key of the certificate'
complete -c mirror -n "__mirror_in 'token new'" -l for -x -d 'Only for this channel, by its folder in the mirror, such as team or team-* (repeatable; all that the rules allow)'
complete -c mirror -n "__mirror_in 'token new'" -l expires -x -d 'The last day on which it is taken, or a duration: 2027-01-31 or 90d (it does not end)'
complete -c mirror -n "__mirror_in 'token new'" -l tokens -r -F -d 'Add its line to this file of tokens (it is printed)'
complete -c mirror -n "__mirror_in 'config'" -l show-secrets -d 'Show tokens and passwords'
complete -c mirror -n "__mirror_in 'config'" -l from -x -a 'auto conda-mirror conda-mirror-rs anaconda-mirror' -d 'Whose configuration it is: auto, conda-mirror, conda-mirror-rs or anaconda-mirror (auto)'
complete -c mirror -n "__mirror_in 'config'" -l output -r -F -d 'Write to a new file, instead of stdout'
complete -c mirror -n "__mirror_at '' 0 1" -a delta -d 'Make, apply or look at deltas, which carry changes across an air gap'
complete -c mirror -n "__mirror_at '' 0 1" -a token -d 'Make tokens for those who may read the mirror'
complete -c mirror -n "__mirror_at '' 0 1" -a sync -d 'Bring the mirror up to date with upstream'
complete -c mirror -n "__mirror_at '' 0 1" -a plan -d 'Show what a sync would do, and change nothing'
complete -c mirror -n "__mirror_at '' 0 1" -a explain -d 'Say which rule decides about an artifact, and what depends on it'
complete -c mirror -n "__mirror_at '' 0 1" -a verify -d 'Check that everything that the mirror lists is there, whole'
complete -c mirror -n "__mirror_at '' 0 1" -a status -d 'Show what the mirror holds, how old it is, what it keeps and how the last runs ended'
complete -c mirror -n "__mirror_at '' 0 1" -a prune -d 'Remove what left the configuration and what is due in the trash'
complete -c mirror -n "__mirror_at '' 0 1" -a rollback -d 'Publish an older state again; the next sync brings that of upstream back'
complete -c mirror -n "__mirror_at '' 0 1" -a snapshot -d 'Name a generation, so that it is kept'
complete -c mirror -n "__mirror_at '' 0 1" -a adopt -d 'Take over trees that another tool made, as they lie: verified, nothing fetched'
complete -c mirror -n "__mirror_at '' 0 1" -a merge -d 'Apply a delta, which a sync with `delta: true` or conda-diff-tar made, to the mirror'
complete -c mirror -n "__mirror_at '' 0 1" -a diff -d 'Show what differs between two states of channels'
complete -c mirror -n "__mirror_at '' 0 1" -a upload -d 'Bring a channel of a repository server up to date with upstream: what it lacks is uploaded'
complete -c mirror -n "__mirror_at '' 0 1" -a serve -d 'Serve the mirror over HTTP to conda, mamba and pixi, until it is stopped'
complete -c mirror -n "__mirror_at '' 0 1" -a config -d 'Show the running configuration as a file that can be used, or import that of another tool'
complete -c mirror -n "__mirror_at '' 0 1" -a completion -d 'Print what makes a shell complete these commands'
complete -c mirror -n "__mirror_at 'delta' 0 1" -a create -d 'Make a delta of what the mirror holds and the other side lacks'
complete -c mirror -n "__mirror_at 'delta' 0 1" -a apply -d 'Apply a delta to the mirror, like merge: verified whole before anything changes'
complete -c mirror -n "__mirror_at 'delta' 0 1" -a inspect -d 'Show what a delta carries, what it starts from, and who signed it'
complete -c mirror -n "__mirror_at 'delta' 0 1" -a request -d 'Write down what the mirror holds, so that the other side makes the delta that fits'
complete -c mirror -n "__mirror_at 'delta' 0 1" -a new-key -d 'Make a key pair: NAME.key signs deltas, NAME.pub verifies them'
complete -c mirror -n "__mirror_at 'token' 0 1" -a new -d 'Make a token for those who may read what `serve` serves: it is shown once, and only its hash is kept'
complete -c mirror -n "__mirror_at 'snapshot' 0 1" -a 'create list delete'
complete -c mirror -n "__mirror_at 'merge' 0 1" -F
complete -c mirror -n "__mirror_at 'merge' 1 2" -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))"
complete -c mirror -n "__mirror_at 'delta create' 0 1" -F
complete -c mirror -n "__mirror_at 'delta apply' 0 1000" -F
complete -c mirror -n "__mirror_at 'delta inspect' 0 1000" -F
complete -c mirror -n "__mirror_at 'delta request' 0 1" -F
complete -c mirror -n "__mirror_at 'delta new-key' 0 1" -F
complete -c mirror -n "__mirror_at 'diff' 0 1" -F
complete -c mirror -n "__mirror_at 'diff' 1 2" -F
complete -c mirror -n "__mirror_at 'config' 0 1" -a 'show import'
complete -c mirror -n "__mirror_at 'config' 1 2" -F
complete -c mirror -n "__mirror_at 'completion' 0 1" -a 'bash zsh fish'
