/**
 * The function `datasets`: what custodians do. It answers no value of the data but to the custodian who uploaded it, in
 * `reading`.
 */
import type { Deps } from '../kernel/deps.ts'
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { datasets } from './area.ts'
import { change, retire } from './change.ts'
import { read, reading, uploads } from './files.ts'
import { create, fromStudy } from './making.ts'
import { publish } from './publish.ts'

export const createDatasets = (deps: Deps): LambdaHandler =>
  lambda(datasets, 'datasets', deps, { create, change, uploads, read, reading, publish, retire, fromStudy })
