/**
 * Middleware that wraps the response works with sessions before and after it. Needs no server of others, but half
 * a minute.
 */

import { exchange2 } from '../support/http/exchange.ts'
import { startExpress, startHttp2, startNode } from './apps/wrapped-app.ts'
import { cases, expressCases, here, middlewareSuite } from './middleware-suite.ts'

middlewareSuite('Express', { start: here(startExpress), requests: { ...cases, ...expressCases } })
middlewareSuite('node:http', { start: here(startNode), requests: cases })
middlewareSuite('HTTP/2', { start: here(startHttp2), requests: cases, send: exchange2 })
middlewareSuite('HTTP/1 on a server for HTTP/2', { start: here(startHttp2), requests: cases })
