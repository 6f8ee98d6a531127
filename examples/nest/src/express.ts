import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { sessions } from 'silverback/express'
import { AppModule } from './app.module.js'
import { login } from './sessions.js'

const app = await NestFactory.create(AppModule)
app.use(sessions(login))
await app.listen(process.env.PORT ?? 3000)
