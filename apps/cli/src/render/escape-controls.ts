/** What a terminal would act on, does not show, or draws in another order. Line breaks and tabs are text. */
// oxlint-disable-next-line no-misleading-character-class -- each of them stands for itself
const CONTROLS = /[\0-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g

/** The text with everything that could deceive its reader as `\uXXXX`: names come from upstream. JSON stays the same JSON. */
export function escapeControls(text: string): string {
  return text.replaceAll(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
