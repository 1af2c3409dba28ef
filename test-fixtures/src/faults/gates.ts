import type { Fault, Gate } from '../exchange.ts'
import { untilGone } from './fault-tools.ts'

/** Runs a callback, then answers honestly: with `skip: k - 1, times: 1` the channel changes on the k-th request. */
export function call(callback: () => void | Promise<void>): Fault {
  return {
    name: 'call',
    run: async (exchange) => {
      await callback()
      await exchange.sendHonest()
    },
  }
}

/** Holds the request at a gate, then answers honestly from the file as it is then. */
export function waitFor(gate: Gate): Fault {
  return {
    name: 'waitFor',
    run: async (exchange) => {
      await Promise.race([gate.pass(), untilGone(exchange)])
      if (!exchange.signal.aborted) await exchange.sendHonest()
    },
  }
}
