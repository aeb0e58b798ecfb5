/**
 * Where a pipeline's, an experiment's and a run's objects lie (docs/architecture.md, section 3), and how they are read.
 */
import { canonical, sha256Hex } from '../../domain/hash.ts'
import type { ReportedArtifact } from '../../domain/pipelines/manifest.ts'
import type { ExperimentFile } from '../kernel/items.ts'

const three = (slot: number): string => String(slot).padStart(3, '0')

export const pipelineObject = {
  /** protected: a file of a pipeline's code. */
  code: (pipelineId: string, sha256: string): string => `pipelines/${pipelineId}/blobs/${sha256}`,
  /** protected: a file of an experiment's inputs. */
  blob: (experimentId: string, sha256: string): string => `experiments/${experimentId}/blobs/${sha256}`,
  /** protected: which files an input had; known by what they hold, so a run that names it always finds the same. */
  input: (experimentId: string, hash: string): string => `experiments/${experimentId}/inputs/${hash}.json`,
  /** released: everything of a run. */
  ofRun: (jobId: string): string => `runs/${jobId}/`,
  /** released: an artifact. */
  artifact: (jobId: string, slot: number): string => `runs/${jobId}/artifacts/${three(slot)}`,
  /** released: which artifact lies where. */
  index: (jobId: string): string => `runs/${jobId}/artifacts/index.json`,
  /** released: what the run was and came to, whole. */
  run: (jobId: string): string => `runs/${jobId}/run.json`,
  /** quarantine, of a run on a protected dataset: an artifact that checkers have not let out. */
  heldArtifact: (jobId: string, slot: number): string => `jobs/${jobId}/artifacts/${three(slot)}`,
} as const

/** The object `runs/<id>/artifacts/index.json`. */
export interface ArtifactIndex {
  items: ReportedArtifact[]
  leftOut: number
}

/** An input is known by its files' paths and contents, in whatever order they came. */
export const inputHash = (files: readonly Pick<ExperimentFile, 'path' | 'size' | 'sha256'>[]): Promise<string> =>
  sha256Hex(
    canonical(
      [...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, size, sha256 }) => ({ path, size, sha256 })),
    ),
  )

/** Where a file of an input lies. */
export const placeOf = (
  experimentId: string,
  file: ExperimentFile,
): { bucket: 'protected' | 'released'; key: string } =>
  file.from === 'run'
    ? { bucket: 'released', key: pipelineObject.artifact(file.jobId!, file.slot!) }
    : { bucket: 'protected', key: pipelineObject.blob(experimentId, file.sha256) }
