declare module 'libbzip2-wasm' {
  interface Bzip2Result {
    readonly error: number
    readonly error_msg: string
    /** A view into the module's memory: valid only until the next call. */
    readonly output: Uint8Array
    delete(): void
  }
  interface Bzip2Module {
    compressBZ2(bytes: Uint8Array, blockSize: number, workFactor: number): Bzip2Result
    decompressBZ2(bytes: Uint8Array, small: number): Bzip2Result
    /** Calls back when ready. It gives the module, which has a `then` again: awaiting it never ends. */
    then?: (ready: (module: Bzip2Module) => void) => unknown
  }
  function createModule(options?: object): Required<Bzip2Module>
  export default createModule
}
