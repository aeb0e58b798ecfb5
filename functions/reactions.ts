/**
 * What one area does because something happened in another: areas do not import each other, so who hears of what is
 * wired here. Loaded when it comes to that.
 */
import type { WhenVersionStored } from './datasets/registration/register.ts'

/** Twins that the dataset's policy asks for. */
export const whenVersionStored: WhenVersionStored = async (deps, dataset, userId) =>
  (await import('./synthesis/twins.ts')).makeTwins(deps, dataset, userId)
