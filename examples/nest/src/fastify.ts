import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { sessions } from 'silverback/fastify'
import { AppModule } from './app.module.js'
import { login } from './sessions.js'

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter())
await app.register(sessions(login))
await app.listen(process.env.PORT ?? 3000)
