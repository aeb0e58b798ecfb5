import type { Sandbox } from './task.ts'
export const wasm: Sandbox = { name: 'wasm', can: () => false, run: () => Promise.reject(new Error()) }
