/** Wraps the ports with a function's grants: what CDK did not allow fails on the laptop too. */
import { isDeclared } from '../../contracts/entity.ts'
import type { Bucket, Grant } from '../../contracts/route.ts'
import type { Compute } from '../../ports/compute.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Keys } from '../../ports/keys.ts'
import type { Logs } from '../../ports/logs.ts'
import type { Mail } from '../../ports/mail.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { Table } from '../../ports/table.ts'
import type { Workflow } from '../../ports/workflow.ts'
import { withoutGone } from './gone.ts'

/**
 * What `held-outputs` opens in quarantine: the gate's decisions (functions/workflow/job-item.ts), never a computation's
 * own output.
 */
const heldOutput = /^jobs\/[^/]+\/verdict-[^/]*\.json$/

export class NotGranted extends Error {
  override name = 'NotGranted'
}

/**
 * Ports that refuse whatever `grants` does not name, and show no item whose time has come. `NotGranted` is a defect of
 * a contract, never of a request.
 */
export function guarded<
  P extends {
    table: Table
    objects: ObjectStore
    keys: Keys
    engine: Engine
    workflow: Workflow
    compute: Compute
    logs: Logs
    now: () => Date
    mail?: Mail | undefined
  },
>(ports: P, who: string, grants: readonly Grant[]): P {
  const granted = new Set<string>(grants)
  const need = (grant: Grant): void => {
    if (!granted.has(grant)) throw new NotGranted(`${who} has no grant "${grant}"`)
  }
  const needEntity = (act: 'read' | 'write', pk: string): void => {
    const prefix = pk.split('#', 1)[0]!
    if (!isDeclared(prefix)) throw new NotGranted(`${who}: no entity has the prefix ${prefix}`)
    need(`${act} ${prefix}`)
  }
  const needBucket = (act: 'get' | 'put' | 'delete', b: Bucket): void => need(`${act} ${b}`)
  const { objects, keys, engine, workflow, compute, logs, mail } = ports
  const table = withoutGone(ports)
  return {
    ...ports,
    mail: mail && {
      send: async (letter) => {
        need('send-mail')
        return mail.send(letter)
      },
    },
    table: {
      get: async (key, attributes) => {
        needEntity('read', key.pk)
        return table.get(key, attributes)
      },
      create: async (item) => {
        needEntity('write', item.pk)
        return table.create(item)
      },
      replace: async (item, rev) => {
        needEntity('write', item.pk)
        return table.replace(item, rev)
      },
      update: async (key, change) => {
        needEntity('write', key.pk)
        return table.update(key, change)
      },
      remove: async (key, when) => {
        needEntity('write', key.pk)
        return table.remove(key, when)
      },
      query: async (pk, options) => {
        needEntity('read', pk)
        return table.query(pk, options)
      },
    },
    objects: {
      put: async (bucket, ...rest) => {
        needBucket('put', bucket)
        return objects.put(bucket, ...rest)
      },
      get: async (bucket, key) => {
        if (!(bucket === 'quarantine' && granted.has('held-outputs') && heldOutput.test(key))) needBucket('get', bucket)
        return objects.get(bucket, key)
      },
      head: async (bucket, ...rest) => {
        needBucket('get', bucket)
        return objects.head(bucket, ...rest)
      },
      copy: async (bucket, ...rest) => {
        needBucket('get', bucket)
        needBucket('put', bucket)
        return objects.copy(bucket, ...rest)
      },
      remove: async (bucket, ...rest) => {
        needBucket('delete', bucket)
        return objects.remove(bucket, ...rest)
      },
      list: (bucket, ...rest) => {
        if (!granted.has(`list ${bucket}`)) needBucket('get', bucket)
        return objects.list(bucket, ...rest)
      },
      signedPut: async (bucket, ...rest) => {
        needBucket('put', bucket)
        return objects.signedPut(bucket, ...rest)
      },
      signedWrite: async (bucket, ...rest) => {
        needBucket('put', bucket)
        return objects.signedWrite(bucket, ...rest)
      },
      signedGet: async (bucket, ...rest) => {
        needBucket('get', bucket)
        return objects.signedGet(bucket, ...rest)
      },
    },
    keys: {
      createKey: async (organisationId) => {
        need('create-key')
        return keys.createKey(organisationId)
      },
      publicKey: async (kid) => {
        need('public-key')
        return keys.publicKey(kid)
      },
      unwrap: async (kid, wrapped) => {
        need('unwrap')
        return keys.unwrap(kid, wrapped)
      },
      mac: async (purpose, message) => {
        need('mac')
        return keys.mac(purpose, message)
      },
    },
    engine: {
      read: async (files) => {
        need('engine')
        return engine.read(files)
      },
      store: async (...rest) => {
        need('engine')
        return engine.store(...rest)
      },
      count: async (...rest) => {
        need('engine')
        return engine.count(...rest)
      },
      difference: async (...rest) => {
        need('engine')
        return engine.difference(...rest)
      },
      materialise: async (...rest) => {
        need('engine')
        return engine.materialise(...rest)
      },
      validate: async (...rest) => {
        need('engine')
        return engine.validate(...rest)
      },
      query: async (...rest) => {
        need('engine')
        return engine.query(...rest)
      },
    },
    workflow: {
      start: async (...rest) => {
        need('start-job')
        return workflow.start(...rest)
      },
      stop: async (...rest) => {
        need('stop-job')
        return workflow.stop(...rest)
      },
      running: async (...rest) => {
        need('start-job')
        return workflow.running(...rest)
      },
    },
    compute: {
      submit: async (...rest) => {
        need('submit-container')
        return compute.submit(...rest)
      },
      state: async (...rest) => {
        need('submit-container')
        return compute.state(...rest)
      },
      stop: async (...rest) => {
        need('stop-container')
        return compute.stop(...rest)
      },
      logs: async (...rest) => {
        need('submit-container')
        return compute.logs(...rest)
      },
    },
    logs: {
      read: async (...rest) => {
        need('read-log')
        return logs.read(...rest)
      },
      tail: async (...rest) => {
        need('read-log')
        return logs.tail(...rest)
      },
      follow: (...rest) => {
        need('read-log')
        return logs.follow(...rest)
      },
      conclude: async (...rest) => {
        need('write-log')
        return logs.conclude(...rest)
      },
      archive: async (...rest) => {
        need('write-log')
        return logs.archive(...rest)
      },
    },
  }
}
