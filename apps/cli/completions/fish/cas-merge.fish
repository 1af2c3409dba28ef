# Completion of cas-merge for fish. Made from the tables of its flags: do not edit.

# The command that was typed so far, and how many words follow it.
function __cas_merge_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word -f --file --mirror-dir --key --request --grace -l --log-level
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
function __cas_merge_in
    set -l state (__cas_merge_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function __cas_merge_at
    set -l state (__cas_merge_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c cas-merge -f
complete -c cas-merge -s f -l file -r -F -d 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)'
complete -c cas-merge -l mirror-dir -x -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))" -d 'Folder of the mirror'
complete -c cas-merge -l strict -d 'Refuse a configuration with unknown keys'
complete -c cas-merge -l key -r -F -d 'Trust this minisign key (its text, or a .pub file) and apply nothing that it did not sign (repeatable)'
complete -c cas-merge -l deep -d 'Compare everything that stays byte for byte, not by size'
complete -c cas-merge -l allow-older -d 'Apply a delta that fits though a later one was applied before'
complete -c cas-merge -l request -r -F -d 'Where to write what is here when the delta does not fit (request.jsonl)'
complete -c cas-merge -l grace -x -d 'How long to keep what no index names any more (24h; 0: not at all)'
complete -c cas-merge -s n -l dry-run -d 'Show what would happen, and change nothing'
complete -c cas-merge -l json -d 'Print events as NDJSON; the last line is the result or the error'
complete -c cas-merge -s q -l quiet -d 'Print nothing but warnings and errors'
complete -c cas-merge -s l -l log-level -x -a 'CRITICAL ERROR WARNING INFO DEBUG' -d 'CRITICAL, ERROR, WARNING, INFO or DEBUG (INFO)'
complete -c cas-merge -s v -l verbose -d 'Short for --log-level DEBUG'
complete -c cas-merge -l config -l show-config -l show -d 'Show the running configuration, and exit'
complete -c cas-merge -l show-secrets -d 'With it, show tokens and passwords'
complete -c cas-merge -s h -l help -d 'Show this help'
complete -c cas-merge -l version -d 'Show the version'
complete -c cas-merge -n "__cas_merge_at '' 0 1" -F
complete -c cas-merge -n "__cas_merge_at '' 1 2" -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))"
