/** The demo's studies. */
import type { LocalObjects } from '../../adapters/local/objects.ts'
import type { Client } from '../../clients/api.ts'
export interface StudyParts { organisationId: string; rosa: Client; participant: (runToken?: string) => Client; objects: LocalObjects; analyst: string; clock: { at: number }; random: (n: number) => Uint8Array }
export async function seedStudies(_o: StudyParts): Promise<void> {}
