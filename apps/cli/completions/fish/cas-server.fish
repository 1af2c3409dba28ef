# Completion of cas-server for fish. Made from the tables of its flags: do not edit.

# The command that was typed so far, and how many words follow it.
function __cas_server_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word -f --file --mirror-dir --port --host --max-age --access-log --processes --tokens --htpasswd --tls-cert --tls-key -l --log-level
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
function __cas_server_in
    set -l state (__cas_server_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function __cas_server_at
    set -l state (__cas_server_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c cas-server -f
complete -c cas-server -s f -l file -r -F -d 'Configuration file (otherwise ~/.cas-mirror, else /etc/cas-mirror)'
complete -c cas-server -l mirror-dir -x -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))" -d 'Folder of the mirror'
complete -c cas-server -l strict -d 'Refuse a configuration with unknown keys'
complete -c cas-server -l port -x -d 'Port to listen to; 0 takes any that is free (80 for root, otherwise 8080; with TLS 443 and 8443)'
complete -c cas-server -l host -x -d 'Address to listen to (every address of this machine)'
complete -c cas-server -l max-age -x -d 'Not ready (/readyz) when the last good sync is older (age does not count)'
complete -c cas-server -l access-log -x -a 'combined json none' -d 'What is printed of each request: combined, json or none (combined; json with --json)'
complete -c cas-server -l processes -x -d 'Serve with so many processes (1)'
complete -c cas-server -l tokens -r -F -d 'Answer only those who have a token that is in this file (everybody)'
complete -c cas-server -l htpasswd -r -F -d 'Answer only users that are in this file, which htpasswd -B made (everybody)'
complete -c cas-server -l tls-cert -r -F -d 'Serve over TLS with this certificate (plain HTTP)'
complete -c cas-server -l tls-key -r -F -d 'The key of the certificate'
complete -c cas-server -l json -d 'Print events as NDJSON; the last line is the result or the error'
complete -c cas-server -s q -l quiet -d 'Print nothing but warnings and errors'
complete -c cas-server -s l -l log-level -x -a 'CRITICAL ERROR WARNING INFO DEBUG' -d 'CRITICAL, ERROR, WARNING, INFO or DEBUG (INFO)'
complete -c cas-server -s v -l verbose -d 'Short for --log-level DEBUG'
complete -c cas-server -l config -l show-config -l show -d 'Show the running configuration, and exit'
complete -c cas-server -l show-secrets -d 'With it, show tokens and passwords'
complete -c cas-server -s h -l help -d 'Show this help'
complete -c cas-server -l version -d 'Show the version'
