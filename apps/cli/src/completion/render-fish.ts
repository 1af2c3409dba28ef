import { type CompletedCommand, type CompletedFlag, type CompletedProgram, type CompletedValue, nameFunction, noteOf, partsOf } from './completed-program.ts'

/** Completion for fish, with descriptions: a file of a folder of `fish_complete_path`, or to be read by `source`. */
export function renderFish(program: CompletedProgram): string {
  const name = `__${nameFunction(program.name)}`
  const lines = [...renderFlags(program, name), ...program.commands.flatMap((command) => renderPlaces(program, command))]
  return `${noteOf(program.name, 'fish')}

# The command that was typed so far, and how many words follow it.
function ${name}_state
    set -l words (commandline -opc)
    set -l command ''
    set -l place 0
    set -l awaited 0
    for word in $words[2..]
        if test $awaited = 1
            set awaited 0
        else if string match -q -- '-?*=*' $word
        else if string match -q -- '-?*' $word
            contains -- $word ${listTaking(program).join(' ')}
            and set awaited 1
        else if contains -- (string trim -- "$command $word") ${program.commands.filter(({ path }) => path.length > 0).map(({ path }) => quote(path.join(' '))).join(' ')}
            set command (string trim -- "$command $word")
            set place 0
        else
            set place (math $place + 1)
        end
    end
    printf '%s\\n' $command $place
end

# Is it one of these commands?
function ${name}_in
    set -l state (${name}_state)
    contains -- "$state[1]" $argv
end

# Is it this command, with at least so many words and fewer than so many?
function ${name}_at
    set -l state (${name}_state)
    test "$state[1]" = "$argv[1]" -a "$state[2]" -ge "$argv[2]" -a "$state[2]" -lt "$argv[3]"
end

complete -c ${program.name} -f
${lines.map((line) => `complete -c ${program.name} ${line}`).join('\n')}
`
}

function listTaking({ commands }: CompletedProgram): readonly string[] {
  return [...new Set(commands.flatMap(({ flags }) => flags.filter(({ value }) => value !== undefined).flatMap(({ spellings }) => spellings)))]
}

/** One line for what is the same flag in several commands. */
function renderFlags({ commands }: CompletedProgram, name: string): readonly string[] {
  const all = commands.flatMap(({ path, flags }) => flags.map((flag) => ({ command: quote(path.join(' ')), line: renderFlag(flag) })))
  return [...Map.groupBy(all, ({ line }) => line)].map(([line, uses]) => (uses.length === commands.length ? line : `-n ${quoteDouble(`${name}_in ${uses.map(({ command }) => command).join(' ')}`)} ${line}`))
}

function renderFlag({ spellings, describe, value }: CompletedFlag): string {
  const names = spellings.map((spelling) => (spelling.startsWith('--') ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`))
  return [...names, ...(value === undefined ? [] : [renderValue(value, true)]), `-d ${quote(describe)}`].join(' ')
}

function renderValue({ words, path }: CompletedValue, isOfFlag: boolean): string {
  const required = isOfFlag ? '-x' : ''
  if (words !== undefined) return `${required} -a ${quote(words.join(' '))}`.trim()
  if (path === 'folder') return `${required} -a "(__fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' ''))"`.trim()
  return path === 'file' ? `${isOfFlag ? '-r ' : ''}-F` : required
}

function renderPlaces(program: CompletedProgram, command: CompletedCommand): readonly string[] {
  const at = (from: number, to: number): string => `-n ${quoteDouble(`__${nameFunction(program.name)}_at ${quote(command.path.join(' '))} ${from} ${to}`)}`
  const parts = partsOf(program, command.path).map(({ path, describe }) => `${at(0, 1)} -a ${path.at(-1) ?? ''} -d ${quote(describe)}`)
  const words = command.words.flatMap((word, place) => {
    const value = renderValue(word, false)
    return value === '' ? [] : [`${at(place, word.repeatable ? 1000 : place + 1)} ${value}`]
  })
  return [...parts, ...words]
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}

/** What is quoted itself, with single quotes. */
function quoteDouble(text: string): string {
  return `"${text.replaceAll(/["\\$]/g, String.raw`\$&`)}"`
}
