import { describeTarget } from '../conformance.ts'
import { V4_SET_UP } from '../v4-set-up.ts'

describeTarget('anaconda', V4_SET_UP)
