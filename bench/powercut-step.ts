/** The steps of a load of the bench of power cuts, as it tells of them and as they are looked for. */

/** What is kept under a name from here on; nothing, where the value is null. */
export interface Step {
  what: 'item' | 'object' | 'key' | 'file' | 'store' | 'account' | 'passkey' | 'session' | 'letter'
  name: string
  /** The number of its value (`valueOf` in bench/powercut-load.ts). */
  value: number | null
}
