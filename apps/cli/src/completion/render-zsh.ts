import { type CompletedCommand, type CompletedFlag, type CompletedProgram, type CompletedValue, type CompletedWord, noteOf, partsOf } from './completed-program.ts'

/** Completion for zsh, with descriptions: a file for a folder of `fpath`, or to be read by `eval` after `compinit`. */
export function renderZsh(program: CompletedProgram): string {
  const name = nameFunction(program)
  return `#compdef ${program.name}
${noteOf(program.name, 'zsh')}

${program.commands.map((command) => renderCommand(program, command)).join('\n')}
if [[ $funcstack[1] == ${name} ]]; then
  ${name} "$@"
else
  compdef ${name} ${program.name}
fi
`
}

function renderCommand(program: CompletedProgram, command: CompletedCommand): string {
  const parts = partsOf(program, command.path)
  const body = parts.length > 0 ? renderParts(program, command, parts) : renderArguments([...command.flags.map(renderFlag), ...command.words.map(renderWord)])
  return `${nameFunction(program, command.path)}() {\n${body}}\n`
}

function renderArguments(specs: readonly string[], options = ''): string {
  return `  _arguments -s -S${options} ${specs.map((spec) => `\\\n    ${spec}`).join(' ')}\n`
}

function renderParts(program: CompletedProgram, { path, flags }: CompletedCommand, parts: readonly CompletedCommand[]): string {
  const words = [program.name, ...path]
  const lastWord = ({ path: all }: CompletedCommand): string => all.at(-1) ?? ''
  return `  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  local -a commands=(
${parts.map((part) => `    ${quote(`${lastWord(part)}:${part.describe}`)}`).join('\n')}
  )
${renderArguments([...flags.map(renderFlag), '\'1: :->command\'', '\'*:: :->rest\''], ' -C').trimEnd()} && ret=0
  case $state in
    command) _describe -t commands ${quote(`${words.join(' ')} command`)} commands && ret=0 ;;
    rest)
      curcontext=\${curcontext%:*:*}:${words.join('-')}-$words[1]:
      case $words[1] in
${parts.map((part) => `        ${lastWord(part)}) ${nameFunction(program, part.path)} && ret=0 ;;`).join('\n')}
      esac
      ;;
  esac
  return ret
`
}

function renderFlag({ spellings, describe, value, repeatable, alone }: CompletedFlag): string {
  const excluded = alone ? '(- *)' : repeatable ? '*' : spellings.length > 1 ? `(${spellings.join(' ')})` : ''
  const meaning = `[${describe.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]${value === undefined ? '' : `:${escapeColons(value.name)}:${renderValue(value)}`}`
  const spelled = spellings.map((spelling) => `${spelling}${value === undefined ? '' : spelling.startsWith('--') ? '=' : '+'}`)
  return spelled.length === 1 ? quote(`${excluded}${spelled.join('')}${meaning}`) : `${excluded === '' ? '' : quote(excluded)}{${spelled.join(',')}}${quote(meaning)}`
}

/** What may be left out can still not be skipped: the word after it is not offered in its place. */
function renderWord(word: CompletedWord): string {
  return quote(`${word.repeatable ? '*' : ''}:${escapeColons(word.name)}:${renderValue(word)}`)
}

/** A blank offers nothing, and says what is meant. */
function renderValue({ words, path }: CompletedValue): string {
  if (words !== undefined) return `(${words.join(' ')})`
  return path === undefined ? ' ' : path === 'file' ? '_files' : '_files -/'
}

/** The one of the program itself has the name of the file, from which zsh loads it. */
function nameFunction({ name }: CompletedProgram, path: readonly string[] = []): string {
  return `_${[name, ...path].join('-')}`
}

function escapeColons(text: string): string {
  return text.replaceAll(':', String.raw`\:`)
}

function quote(text: string): string {
  return `'${text.replaceAll('\'', String.raw`'\''`)}'`
}
