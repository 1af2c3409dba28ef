// Asks shells what they offer at the end of a command line, each in the way that it is asked by a person: bash and zsh on a terminal, at their prompt, by a key.
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const PATIENCE = 5_000

/** Runs an interactive shell on a terminal of its own (`script` makes it); `ask(keys)` answers what it prints next between `<<` and `>>`. */
const startOnTerminal = async (command, { cwd, env }) => {
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  let wake = () => undefined
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
    wake()
  })
  child.once('close', () => {
    output += '<<!ended>>'
    wake()
  })
  const read = async () => {
    const end = Date.now() + PATIENCE
    for (;;) {
      const found = /<<(?<answer>[^]*?)>>/.exec(output)
      if (found !== null) {
        output = output.slice(found.index + found[0].length)
        return found.groups.answer.replaceAll('\r', '')
      }
      const left = end - Date.now()
      if (left <= 0) throw new Error(`${command} does not answer: ${JSON.stringify(output)}`)
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  // The shell says that it is there.
  await read()
  const ask = (keys) => {
    child.stdin.write(keys)
    return read()
  }
  const close = async () => {
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await closed
  }
  return { ask, close }
}

const WORDS = /(?:[^\s\\]|\\.)+/g

/** What is offered is put into the line by a key, and the line is printed by another. */
const BASH = `
PS1=
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
bind '"\\C-xa": insert-completions'
show() { printf '<<%s>>' "$READLINE_LINE"; READLINE_LINE=; READLINE_POINT=0; }
bind -x '"\\C-xb": show'
printf '<<%s>>' ready
`

/** `setUp` is what the user has in ~/.bashrc. */
export const startBash = async ({ cwd, env, folder, setUp }) => {
  const rc = join(folder, 'bashrc')
  await writeFile(rc, `${setUp}\n${BASH}`)
  const { ask, close } = await startOnTerminal(`bash --noprofile --rcfile '${rc}' -i`, { cwd, env: { ...env, TERM: 'dumb' } })
  const complete = async (line) => {
    const answer = await ask(`${line}\u0018a\u0018b`)
    const typed = line.slice(0, line.search(/[^\s=]*$/))
    if (!answer.startsWith(typed)) throw new Error(`bash made ${JSON.stringify(answer)} of ${JSON.stringify(line)}`)
    const offered = answer.slice(typed.length).match(WORDS) ?? []
    // With nothing to offer, the line stays as it is.
    return answer === line ? [] : offered.map((text) => ({ text }))
  }
  return { complete, close }
}

/** Whatever is added to the offers is noted on the way. */
const ZSH = `
PS1= RPS1= PS2=
unsetopt beep prompt_cr prompt_sp zle_bracketed_paste
zmodload zsh/zle
typeset -ga hits
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a __words __shown
  local __name
  if (( $@[(I)-(l|)d] )); then
    __name=\${@[$[\${@[(i)-(l|)d]} + 1]]}
    [[ $__name == \\(* ]] && eval "__shown=$__name" || __shown=("\${(@P)__name}")
  fi
  builtin compadd -A __words -D __shown "$@"
  integer __i
  for (( __i = 1; __i <= $#__words; __i++ )); do hits+=("\${__words[__i]}"$'\\t'"\${__shown[__i]}"); done
  builtin compadd "$@"
}
note() { print -rn -- "<<\${(F)hits}>>"; hits=(); compprefuncs=(begin) }
begin() { hits=(); comppostfuncs=(note) }
compprefuncs=(begin)
zstyle ':completion:*' list-prompt ''
zstyle ':completion:*' list-grouped false
LISTMAX=10000
bindkey '^Xa' complete-word
bindkey '^Xb' kill-buffer
zle-line-init() { print -rn -- '<<ready>>'; zle -D zle-line-init }
zle -N zle-line-init
`

/** `setUp` is what the user has in ~/.zshrc. */
export const startZsh = async ({ cwd, env, folder, setUp }) => {
  await writeFile(join(folder, '.zshrc'), `${setUp}\n${ZSH}`)
  const { ask, close } = await startOnTerminal('stty cols 1000; exec zsh -d -i', { cwd, env: { ...env, TERM: 'dumb', ZDOTDIR: folder } })
  const complete = async (line) => {
    const answer = await ask(`\u0018b${line}\u0018a`)
    return answer.split('\n').filter((hit) => hit !== '').map((hit) => {
      const [text, shown = ''] = hit.split('\t')
      return { text, describe: shown.includes(' -- ') ? shown.slice(shown.indexOf(' -- ') + 4).trim() : '' }
    })
  }
  return { complete, close }
}

/** fish says what it offers when it is asked. */
export const startFish = async ({ cwd, env, folder, setUp }) => {
  const script = join(folder, 'complete.fish')
  await writeFile(script, `${setUp}\nprintf '<<ready>>'\nwhile read -l line\n    set -l offered (complete -C "$line")\n    printf '<<%s>>' (string join \\n -- $offered | string collect)\nend\n`)
  const child = await startOnTerminal(`stty -echo; exec fish '${script}'`, { cwd, env })
  const complete = async (line) => {
    const answer = await child.ask(`${line}\n`)
    return answer.split('\n').filter((offer) => offer !== '').map((offer) => {
      const [text, describe = ''] = offer.split('\t')
      return { text, describe }
    })
  }
  return { complete, close: child.close }
}
