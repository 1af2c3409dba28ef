/** What pages do where scripts run; all of them are whole without it. */
export const SCRIPT = `'use strict'
// The address under which this site was opened, for snippets that have to name it.
const root = new URL(document.documentElement.dataset.root || './', location.href).href
for (const element of document.querySelectorAll('[data-url]')) element.textContent = new URL(element.dataset.url, root).href
// Without TLS browsers have no clipboard but that of the selection.
const copy = async (pre) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(pre.textContent)
  getSelection().selectAllChildren(pre)
  if (!document.execCommand('copy')) throw new Error('not copied')
  getSelection().removeAllRanges()
}
document.querySelector('.tabs [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' })
if (navigator.clipboard || document.queryCommandSupported?.('copy')) {
  for (const block of document.querySelectorAll('.code')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = 'Copy'
    button.setAttribute('aria-label', 'Copy ' + (block.getAttribute('aria-label') || 'this'))
    const status = document.createElement('span')
    status.className = 'hidden'
    status.setAttribute('role', 'status')
    button.addEventListener('click', () => copy(block.querySelector('pre')).then(
      () => { button.textContent = 'Copied'; status.textContent = 'Copied'; setTimeout(() => { button.textContent = 'Copy'; status.textContent = '' }, 2000) },
      () => { button.textContent = 'Press Ctrl+C'; getSelection().selectAllChildren(block.querySelector('pre')) }))
    block.append(button, status)
  }
}
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return
  event.preventDefault()
  document.querySelector('input[type=search]').focus()
})
`
