# Completion of conda-diff-tar for fish. Made from the tables of its flags: do not edit.

# The command that was typed so far, and how many words follow it.
function __conda_diff_tar_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word --new-key -i --infile -o --outfile --since --volume-size --sign --key --grace --request
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
function __conda_diff_tar_in
    set -l state (__conda_diff_tar_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function __conda_diff_tar_at
    set -l state (__conda_diff_tar_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c conda-diff-tar -f
complete -c conda-diff-tar -l reference -d 'write down what the mirror holds now, to --outfile [default: ./reference.json]'
complete -c conda-diff-tar -l show -d 'list the files that changed since the reference in --infile [default: ./reference.json]'
complete -c conda-diff-tar -l create -d 'write those files to a tarball, --outfile [default: ./update.tar]'
complete -c conda-diff-tar -l verify -d 'compare every file that the indexes list with them'
complete -c conda-diff-tar -l apply -d 'verify a tarball, its volumes or a delta directory, --infile [default: ./update.tar], and apply it'
complete -c conda-diff-tar -l new-key -r -F -d 'make a key pair: NAME.key signs, NAME.pub verifies'
complete -c conda-diff-tar -s h -l help -d 'show this message and exit'
complete -c conda-diff-tar -s i -l infile -r -F -d 'what is read; - is standard input (--apply)'
complete -c conda-diff-tar -s o -l outfile -r -F -d 'what is written; - is standard output (--create, --reference)'
complete -c conda-diff-tar -s v -l verbose -d 'name each file'
complete -c conda-diff-tar -l json -d 'print the result as JSON'
complete -c conda-diff-tar -l version -d 'show the version and exit'
complete -c conda-diff-tar -l compact -d 'a smaller file without paths of this machine, which the old conda-diff-tar cannot read'
complete -c conda-diff-tar -l since -r -F -d 'beside --infile; several: the delta fits any of them'
complete -c conda-diff-tar -l full -d 'from nothing, without a reference: for a mirror that is still empty'
complete -c conda-diff-tar -l volume-size -x -d 'split into tarballs of at most that size, such as 4G'
complete -c conda-diff-tar -l sign -r -F -d 'sign with this secret key (minisign)'
complete -c conda-diff-tar -l with-tool -d 'put this program beside the tarball, with a few words and checksums'
complete -c conda-diff-tar -l key -r -F -d 'trust only deltas that this public key verifies: a file, or the key itself; can be given more than once'
complete -c conda-diff-tar -l deep -d 'compare what stays byte for byte, not by size'
complete -c conda-diff-tar -l grace -x -d 'keep removed files for so long, such as 24h or 0 [default: 24h]'
complete -c conda-diff-tar -l request -r -F -d 'where to write what is here when the delta does not fit [default: ./request.jsonl]'
complete -c conda-diff-tar -l allow-older -d 'apply a delta that fits though a later one was applied before'
complete -c conda-diff-tar -l dry-run -d 'verify everything, change nothing'
complete -c conda-diff-tar -n "__conda_diff_tar_at '' 0 1" -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))"
