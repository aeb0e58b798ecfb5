/**
 * The function that serves synthetic data. It reads declarations and noisy figures; what reads rows are the workflow's
 * steps.
 */
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { synthesis } from './area.ts'
import { begin, infer } from './begin.ts'
import { confirm, quote } from './confirm.ts'
import { evaluate } from './evaluate.ts'
import { download, get, list, share } from './shelf.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

export const createSynthesis = (deps: WorkflowDeps): LambdaHandler =>
  lambda(synthesis, 'synthesis', deps, { begin, infer, list, get, quote, confirm, evaluate, share, download })
