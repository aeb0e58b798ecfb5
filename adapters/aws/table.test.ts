import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { expect, it } from 'vitest'
import { tableContract } from '../../ports/table.contract.ts'
import { startDynalite } from '../local/dynalite/testing.ts'
import { awsTable } from './table.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/**
 * What dynalite lets pass. DynamoDB refuses keys of an index as it does those of the table, and compares text by bytes:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
const laxerThanDynamo = [
  'an empty key of the index',
  'an empty sort key of the index',
  'a key of the index of 2,049 bytes',
  'an empty partition',
  'to an empty key of the index',
  'beyond the largest number',
  'at most, by bytes',
  'at most, by bytes, not',
]

tableContract(
  'DynamoDB',
  async () => {
    const store = await startDynalite('cloister-prod')
    return {
      table: awsTable({ tableName: 'cloister-prod', endpoint: store.endpoint, region: 'eu-central-1', credentials }),
      close: store.close,
    }
  },
  laxerThanDynamo,
)

it('passes on what is not a condition: a missing table is not a missing item', async () => {
  const store = await startDynalite('somewhere')
  const table = awsTable({
    tableName: 'nowhere',
    client: new DynamoDBClient({ endpoint: store.endpoint, region: 'eu-central-1', credentials }),
  })
  await expect(table.create({ pk: 'A#1', sk: 'A' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await expect(table.query('A#1')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await store.close()
})
