import { sqliteBench } from '../store/bench.ts';
import { describeSealing } from './sealing.ts';

describeSealing('SQLite', sqliteBench);
