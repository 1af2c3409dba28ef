export { type CommandContext, runCasSync, runMirror } from './run-mirror.ts'
