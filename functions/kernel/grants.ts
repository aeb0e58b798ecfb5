/** Wraps the ports with a function's grants: what CDK did not allow fails on the laptop too. */
import { isDeclared } from '../../contracts/entity.ts'
import type { Bucket, Grant } from '../../contracts/route.ts'
import type { Compute } from '../../ports/compute.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Keys } from '../../ports/keys.ts'
import type { Logs } from '../../ports/logs.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { Table } from '../../ports/table.ts'
import type { Workflow } from '../../ports/workflow.ts'

/**
 * What `held-outputs` opens in quarantine: the gate's decisions (functions/workflow/job-item.ts), never a computation's
 * own output.
 */
const heldOutput = /^jobs\/[^/]+\/verdict-[^/]*\.json$/

export class NotGranted extends Error {
  override name = 'NotGranted'
}

/** Ports that refuse whatever `grants` does not name. `NotGranted` is a defect of a contract, never of a request. */
export function guarded<
  P extends {
    table: Table
    objects: ObjectStore
    keys: Keys
    engine: Engine
    workflow: Workflow
    compute: Compute
    logs: Logs
  },
>(ports: P, who: string, grants: readonly Grant[]): P {
  const granted = new Set<string>(grants)
  const need = (grant: Grant): void => {
    if (!granted.has(grant)) throw new NotGranted(`${who} has no grant "${grant}"`)
  }
  const entity = (act: 'read' | 'write', pk: string): void => {
    const prefix = pk.split('#', 1)[0]!
    if (!isDeclared(prefix)) throw new NotGranted(`${who}: no entity has the prefix ${prefix}`)
    need(`${act} ${prefix}`)
  }
  const bucket = (act: 'get' | 'put' | 'delete', b: Bucket): void => need(`${act} ${b}`)
  const { table, objects, keys, engine, workflow, compute, logs } = ports
  return {
    ...ports,
    table: {
      get: async (key, a) => {
        entity('read', key.pk)
        return table.get(key, a)
      },
      create: async (item) => {
        entity('write', item.pk)
        return table.create(item)
      },
      replace: async (item, rev) => {
        entity('write', item.pk)
        return table.replace(item, rev)
      },
      update: async (key, change) => {
        entity('write', key.pk)
        return table.update(key, change)
      },
      remove: async (key) => {
        entity('write', key.pk)
        return table.remove(key)
      },
      query: async (pk, o) => {
        entity('read', pk)
        return table.query(pk, o)
      },
    },
    objects: {
      put: async (b, ...a) => {
        bucket('put', b)
        return objects.put(b, ...a)
      },
      get: async (b, key) => {
        if (!(b === 'quarantine' && granted.has('held-outputs') && heldOutput.test(key))) bucket('get', b)
        return objects.get(b, key)
      },
      head: async (b, ...a) => {
        bucket('get', b)
        return objects.head(b, ...a)
      },
      copy: async (b, ...a) => {
        bucket('get', b)
        bucket('put', b)
        return objects.copy(b, ...a)
      },
      remove: async (b, ...a) => {
        bucket('delete', b)
        return objects.remove(b, ...a)
      },
      list: (b, ...a) => {
        if (!granted.has(`list ${b}`)) bucket('get', b)
        return objects.list(b, ...a)
      },
      signedPut: async (b, ...a) => {
        bucket('put', b)
        return objects.signedPut(b, ...a)
      },
      signedWrite: async (b, ...a) => {
        bucket('put', b)
        return objects.signedWrite(b, ...a)
      },
      signedGet: async (b, ...a) => {
        bucket('get', b)
        return objects.signedGet(b, ...a)
      },
    },
    keys: {
      createKey: async (o) => {
        need('create-key')
        return keys.createKey(o)
      },
      publicKey: async (k) => {
        need('public-key')
        return keys.publicKey(k)
      },
      unwrap: async (k, w) => {
        need('unwrap')
        return keys.unwrap(k, w)
      },
      mac: async (p, m) => {
        need('mac')
        return keys.mac(p, m)
      },
    },
    engine: {
      read: async (f) => {
        need('engine')
        return engine.read(f)
      },
      store: async (...a) => {
        need('engine')
        return engine.store(...a)
      },
      count: async (...a) => {
        need('engine')
        return engine.count(...a)
      },
      difference: async (...a) => {
        need('engine')
        return engine.difference(...a)
      },
      materialise: async (...a) => {
        need('engine')
        return engine.materialise(...a)
      },
      validate: async (...a) => {
        need('engine')
        return engine.validate(...a)
      },
      query: async (...a) => {
        need('engine')
        return engine.query(...a)
      },
    },
    workflow: {
      start: async (...a) => {
        need('start-job')
        return workflow.start(...a)
      },
      stop: async (...a) => {
        need('stop-job')
        return workflow.stop(...a)
      },
      running: async (...a) => {
        need('start-job')
        return workflow.running(...a)
      },
    },
    compute: {
      submit: async (...a) => {
        need('submit-container')
        return compute.submit(...a)
      },
      state: async (...a) => {
        need('submit-container')
        return compute.state(...a)
      },
      stop: async (...a) => {
        need('stop-container')
        return compute.stop(...a)
      },
      logs: async (...a) => {
        need('submit-container')
        return compute.logs(...a)
      },
    },
    logs: {
      read: async (...a) => {
        need('read-log')
        return logs.read(...a)
      },
      tail: async (...a) => {
        need('read-log')
        return logs.tail(...a)
      },
      follow: (...a) => {
        need('read-log')
        return logs.follow(...a)
      },
      conclude: async (...a) => {
        need('write-log')
        return logs.conclude(...a)
      },
      archive: async (...a) => {
        need('write-log')
        return logs.archive(...a)
      },
    },
  }
}
