/** The life of a synthesis, as a table. */
export const synthesisStates = ['uploading', 'reading', 'proposed', 'running', 'ready', 'failed', 'expired'] as const
export type SynthesisState = (typeof synthesisStates)[number]

export const synthesisLife: Record<SynthesisState, { to: readonly SynthesisState[]; meaning: string }> = {
  uploading: { to: ['reading', 'expired'], meaning: 'Waiting for its file' },
  reading: { to: ['proposed', 'failed', 'expired'], meaning: 'The file is being read; a plan will be proposed' },
  proposed: { to: ['running', 'expired'], meaning: 'A plan is proposed; nothing is charged before it is confirmed' },
  running: { to: ['ready', 'failed', 'proposed', 'expired'], meaning: 'The synthetic table is being made' },
  ready: { to: ['expired'], meaning: 'It can be looked at and downloaded' },
  failed: {
    to: ['proposed', 'running', 'expired'],
    meaning: 'It could not be made; what was paid for is kept for the next attempt',
  },
  expired: { to: [], meaning: 'Its table is gone; its card stays' },
}
