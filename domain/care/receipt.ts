/** The receipt of a look at a home: what was looked at, what was found, and the seal of the installation. */
import { canonical } from '../hash.ts'
import type { Finding } from './finding.ts'

export interface Receipt {
  kind: 'cloister-doctor'
  version: 1
  /** Which store it was, and how far it had come. */
  store?: { id: string; commits: number; items: number; digest: string } | undefined
  /** ISO 8601. */
  at: string
  how: 'quick' | 'whole'
  /** How many of each there were. */
  looked: Record<string, number>
  findings: Omit<Finding, 'repair'>[]
  repaired: string[]
  whole: boolean
}
export interface SealedReceipt extends Receipt {
  /** Over everything else, by the installation's key, in hex; empty where there is no key. */
  seal: string
}

/** What the seal is over. */
export const sealedText = (receipt: Receipt): string => canonical(JSON.parse(JSON.stringify(receipt)) as object)

/** A receipt without its seal, and the seal. Undefined for what is no receipt. */
export function unsealed(value: unknown): { receipt: Receipt; seal: string } | undefined {
  const { seal, ...receipt } = (value ?? {}) as Partial<SealedReceipt>
  if (receipt.kind !== 'cloister-doctor' || receipt.version !== 1 || typeof seal !== 'string') return undefined
  return { receipt: receipt as Receipt, seal }
}
