/** SHA-256 where every append passes. */
import { createHash } from 'node:crypto'

/**
 * SHA-256 of a string (as UTF-8) as 64 lower-case hex digits: what domain/hash.ts answers, at once. Web crypto hands
 * each digest to another thread and back, which for a few kilobytes takes longer than the digest.
 */
export const hashNow = (text: string): string => createHash('sha256').update(text).digest('hex')
