import { type CompletedCommand, type CompletedProgram, type CompletedValue, nameFunction, noteOf, partsOf } from './completed-program.ts'

/**
 * Completion for bash, with or without the package bash-completion: a file of that package's folder, or to be read by `eval`. Paths are bash's own business, which needs bash 4. Where no word can stand, flags are offered.
 */
export function renderBash(program: CompletedProgram): string {
  const name = `_${nameFunction(program.name)}`
  return `${noteOf(program.name, 'bash')}

# The flags of a command; fails for what is none.
${name}_flags() {
  case $1 in
${program.commands.map(({ path, flags }) => `    ${quote(path.join(' '))}) offered=${quote(flags.flatMap(({ spellings }) => spellings).join(' '))} ;;`).join('\n')}
    *) return 1 ;;
  esac
}

# What follows a flag, of any command; fails for one that takes nothing.
${name}_value() {
  case $1 in
${groupFlags(program).map(([kind, spellings]) => `    ${spellings.join(' | ')}) offered=${quote(kind)} ;;`).join('\n')}
    *) return 1 ;;
  esac
}

# What may stand beside the flags of a command, after so many words.
${name}_word() {
  case "$1/$2" in
${program.commands.flatMap((command) => listPlaces(program, command)).map(([place, kind]) => `    ${place}) offered=${quote(kind)} ;;`).join('\n')}
    *) return 1 ;;
  esac
}

${MAIN.replaceAll('@name', name).replaceAll('@program', program.name)}`
}

/** Takes the line apart, then offers what may stand at its end. */
const MAIN = `@name() {
  local rest=$COMP_LINE words=() word command='' place=0 awaited='' offered='' current prefix='' i
  COMPREPLY=()
  ((COMP_CWORD > 0)) || return 0
  # Words as they were typed: bash takes them apart at = and :.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
      words[\${#words[@]}]=$word
    else
      words[\${#words[@]}-1]+=$word
    fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    rest=\${rest#"$word"}
  done
  current=\${words[\${#words[@]}-1]}
  for word in "\${words[@]:1:\${#words[@]}-2}"; do
    if [[ -n $awaited ]]; then
      awaited=''
    elif [[ $word == -?*=* ]]; then
      :
    elif [[ $word == -?* ]]; then
      @name_value "$word" && awaited=$word
    elif @name_flags "$command\${command:+ }$word"; then
      command+=\${command:+ }$word
      place=0
    else
      place=$((place + 1))
    fi
  done
  offered=''
  if [[ -n $awaited ]]; then
    @name_value "$awaited"
  elif [[ $current == --*=* ]]; then
    @name_value "\${current%%=*}" || return 0
    [[ $COMP_WORDBREAKS == *=* ]] || prefix=\${current%%=*}=
    current=\${current#*=}
  elif [[ $current == -* ]] || ! @name_word "$command" "$place"; then
    @name_flags "$command"
  fi
  case $offered in
    '<file>') compopt -o default 2> /dev/null ;;
    '<folder>') compopt -o dirnames 2> /dev/null ;;
    ?*)
      while IFS= read -r word; do
        COMPREPLY[\${#COMPREPLY[@]}]=$prefix$word
      done < <(compgen -W "$offered" -- "$current")
      ;;
  esac
  return 0
}

complete -F @name @program
`

/** How the script tells what it offers: words, or one of these. */
const KINDS = { file: '<file>', folder: '<folder>' } as const

function kindOf({ words, path }: CompletedValue): string {
  return words?.join(' ') ?? (path === undefined ? '' : KINDS[path])
}

/** The flags that take a value, by what that is. */
function groupFlags({ name, commands }: CompletedProgram): readonly (readonly [string, readonly string[]])[] {
  const kinds = new Map<string, string | undefined>()
  const all = commands.flatMap(({ flags }) => flags.flatMap(({ spellings, value }) => spellings.map((spelling) => ({ spelling, kind: value === undefined ? undefined : kindOf(value) }))))
  for (const { spelling, kind } of all) {
    if (kinds.has(spelling) && kinds.get(spelling) !== kind) throw new Error(`Cannot complete ${name}: what follows ${spelling} depends on the command`)
    kinds.set(spelling, kind)
  }
  return [...Map.groupBy(kinds, ([, kind]) => kind)].flatMap(([kind, entries]) => (kind === undefined ? [] : [[kind, entries.map(([spelling]) => spelling)] as const]))
}

function listPlaces(program: CompletedProgram, { path, words }: CompletedCommand): readonly (readonly [string, string])[] {
  const parts = partsOf(program, path)
  if (parts.length > 0) return [[quote(`${path.join(' ')}/0`), parts.map((part) => part.path.at(-1) ?? '').join(' ')]]
  return words.map((word, place) => [`${quote(`${path.join(' ')}/${word.repeatable ? '' : place}`)}${word.repeatable ? '*' : ''}`, kindOf(word)] as const)
}

function quote(text: string): string {
  return `'${text.replaceAll('\'', String.raw`'\''`)}'`
}
