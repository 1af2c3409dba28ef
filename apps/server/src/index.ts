export type { ServerErrorCode } from './error-codes.ts'
export type { ServerEvent } from './events.ts'
export type { ChannelHealth, Readiness } from './health.ts'
export { type RunningServer, type ServerOptions, startServer } from './start-server.ts'
