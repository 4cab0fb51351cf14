//! Statements, and the blocks that they make.

use alloc::vec::Vec;

use super::{MAX_LEVELS, Parse, Parser};
use crate::{
    codegen::{Exp, Key, Kind, NO_JUMP},
    instruction::Op,
    lexer::Token,
    value::Value,
};

/// What the left side of an assignment may be.
struct Target {
    exp: Exp,
}

impl Parser<'_> {
    fn block_ends(&self) -> bool {
        matches!(self.lexer.token, Token::Else | Token::Elseif | Token::End | Token::Eos | Token::Until)
    }

    pub(super) fn chunk(&mut self) -> Parse<()> {
        self.enter()?;
        let mut last = false;
        while !last && !self.block_ends() {
            last = self.statement()?;
            self.accept(Token::Char(b';'))?;
            let function = self.function();
            function.free = function.active as u32;
        }
        self.levels -= 1;
        Ok(())
    }

    fn block(&mut self) -> Parse<()> {
        self.enter_block(false);
        self.chunk()?;
        self.leave_block();
        Ok(())
    }

    /// True if the statement must be the last one.
    fn statement(&mut self) -> Parse<bool> {
        let line = self.lexer.line;
        match self.lexer.token {
            Token::If => self.if_statement(line)?,
            Token::While => self.while_statement(line)?,
            Token::Do => {
                self.next()?;
                self.block()?;
                self.expect_closing(Token::End, Token::Do, line)?;
            }
            Token::For => self.for_statement(line)?,
            Token::Repeat => self.repeat_statement(line)?,
            Token::Function => self.function_statement(line)?,
            Token::Local => {
                self.next()?;
                if self.accept(Token::Function)? {
                    self.local_function()?;
                } else {
                    self.local_statement()?;
                }
            }
            Token::Return => {
                self.return_statement()?;
                return Ok(true);
            }
            Token::Break => {
                self.next()?;
                self.break_statement()?;
                return Ok(true);
            }
            _ => self.expression_statement()?,
        }
        Ok(false)
    }

    fn condition(&mut self) -> Parse<i32> {
        let mut exp = self.expression()?;
        if exp.kind == Kind::Nil {
            exp.kind = Kind::False;
        }
        self.function().go_if_true(&mut exp);
        Ok(exp.when_false)
    }

    fn test_then_block(&mut self) -> Parse<i32> {
        self.next()?;
        let exit = self.condition()?;
        self.expect(Token::Then)?;
        self.block()?;
        Ok(exit)
    }

    fn if_statement(&mut self, line: u32) -> Parse<()> {
        let mut escapes = NO_JUMP;
        let mut exit = self.test_then_block()?;
        while self.is(Token::Elseif) {
            self.skip_rest(&mut escapes);
            self.function().patch_to_here(exit);
            exit = self.test_then_block()?;
        }
        if self.is(Token::Else) {
            self.skip_rest(&mut escapes);
            self.function().patch_to_here(exit);
            self.next()?;
            self.block()?;
        } else {
            self.function().concat_lists(&mut escapes, exit);
        }
        self.function().patch_to_here(escapes);
        self.expect_closing(Token::End, Token::If, line)
    }

    fn skip_rest(&mut self, escapes: &mut i32) {
        let jump = self.function().jump();
        self.function().concat_lists(escapes, jump);
    }

    fn while_statement(&mut self, line: u32) -> Parse<()> {
        self.next()?;
        let start = self.function().label();
        let exit = self.condition()?;
        self.enter_block(true);
        self.expect(Token::Do)?;
        self.block()?;
        let back = self.function().jump();
        self.function().patch_list(back, start);
        self.expect_closing(Token::End, Token::While, line)?;
        self.leave_block();
        self.function().patch_to_here(exit);
        Ok(())
    }

    fn repeat_statement(&mut self, line: u32) -> Parse<()> {
        let start = self.function().label();
        self.enter_block(true);
        self.enter_block(false);
        self.next()?;
        self.chunk()?;
        self.expect_closing(Token::Until, Token::Repeat, line)?;
        let exit = self.condition()?;
        let captured = self.function().blocks.last().is_some_and(|block| block.has_upvalue);
        if captured {
            self.break_statement()?;
            self.function().patch_to_here(exit);
            self.leave_block();
            let back = self.function().jump();
            self.function().patch_list(back, start);
        } else {
            self.leave_block();
            self.function().patch_list(exit, start);
        }
        self.leave_block();
        Ok(())
    }

    fn break_statement(&mut self) -> Parse<()> {
        let function = self.function();
        let Some(at) = function.blocks.iter().rposition(|block| block.breakable) else {
            return Err(self.lexer.syntax("no loop to break"));
        };
        let captured = function.blocks[at + 1..].iter().any(|block| block.has_upvalue);
        if captured {
            let a = function.blocks[at].active as u8;
            function.emit(Op::Close { a });
        }
        let jump = function.jump();
        let mut breaks = function.blocks[at].breaks;
        function.concat_lists(&mut breaks, jump);
        function.blocks[at].breaks = breaks;
        Ok(())
    }

    fn for_statement(&mut self, line: u32) -> Parse<()> {
        self.enter_block(true);
        self.next()?;
        let first = self.name()?;
        match self.lexer.token {
            Token::Char(b'=') => self.numeric_for(first, line)?,
            Token::Char(b',') | Token::In => self.generic_for(first)?,
            _ => return Err(self.lexer.syntax("'=' or 'in' expected")),
        }
        self.expect_closing(Token::End, Token::For, line)?;
        self.leave_block();
        Ok(())
    }

    fn numeric_for(&mut self, name: Value, line: u32) -> Parse<()> {
        let base = self.function().free as u8;
        self.declare_hidden(b"(for index)", 0)?;
        self.declare_hidden(b"(for limit)", 1)?;
        self.declare_hidden(b"(for step)", 2)?;
        self.declare(name, 3)?;
        self.expect(Token::Char(b'='))?;
        self.expression_to_register()?;
        self.expect(Token::Char(b','))?;
        self.expression_to_register()?;
        if self.accept(Token::Char(b','))? {
            self.expression_to_register()?;
        } else {
            let function = self.function();
            let k = function.constant(Value::number(1.0));
            let a = function.free as u8;
            function.emit(Op::LoadK { a, k });
            function.reserve(1);
        }
        self.for_body(base, line, 1, true)
    }

    fn generic_for(&mut self, first: Value) -> Parse<()> {
        let base = self.function().free as u8;
        self.declare_hidden(b"(for generator)", 0)?;
        self.declare_hidden(b"(for state)", 1)?;
        self.declare_hidden(b"(for control)", 2)?;
        self.declare(first, 3)?;
        let mut names = 1;
        while self.accept(Token::Char(b','))? {
            let name = self.name()?;
            self.declare(name, 3 + names)?;
            names += 1;
        }
        self.expect(Token::In)?;
        let line = self.lexer.line;
        let (mut last, count) = self.expression_list()?;
        self.adjust_assignment(3, count, &mut last);
        // Room for the call of the iterator.
        self.function().reserve(3);
        self.function().free -= 3;
        self.for_body(base, line, names, false)
    }

    fn for_body(&mut self, base: u8, line: u32, names: usize, numeric: bool) -> Parse<()> {
        self.function().activate(3);
        self.expect(Token::Do)?;
        let function = self.function();
        let prepare =
            if numeric { function.emit(Op::ForPrep { a: base, jump: NO_JUMP }) as i32 } else { function.jump() };
        self.enter_block(false);
        self.function().activate(names);
        self.function().reserve(names as u32);
        self.chunk()?;
        self.leave_block();
        let function = self.function();
        function.patch_to_here(prepare);
        let end = if numeric {
            function.emit(Op::ForLoop { a: base, jump: NO_JUMP })
        } else {
            function.emit(Op::TForLoop { a: base, c: names as u8, jump: NO_JUMP })
        };
        function.fix_line(line);
        function.patch_list(end as i32, prepare as usize + 1);
        Ok(())
    }

    fn function_statement(&mut self, line: u32) -> Parse<()> {
        self.next()?;
        let name = self.name()?;
        let mut target = self.variable(name)?;
        let mut method = false;
        loop {
            match self.lexer.token {
                Token::Char(b'.') => self.field(&mut target)?,
                Token::Char(b':') => {
                    method = true;
                    self.field(&mut target)?;
                    break;
                }
                _ => break,
            }
        }
        let mut body = self.body(method, line)?;
        self.function().store(&target, &mut body);
        self.function().fix_line(line);
        Ok(())
    }

    fn local_function(&mut self) -> Parse<()> {
        let name = self.name()?;
        self.declare(name, 0)?;
        let function = self.function();
        let variable = Exp::new(Kind::Local(function.free as u8));
        function.reserve(1);
        function.activate(1);
        let line = self.lexer.line;
        let mut body = self.body(false, line)?;
        let function = self.function();
        function.store(&variable, &mut body);
        // For the debugger: the variable is only defined from here.
        let pc = function.pc() as u32;
        let last = function.variables[function.active - 1];
        function.proto.locals[last].start = pc;
        Ok(())
    }

    fn local_statement(&mut self) -> Parse<()> {
        let mut names = 0;
        loop {
            let name = self.name()?;
            self.declare(name, names)?;
            names += 1;
            if !self.accept(Token::Char(b','))? {
                break;
            }
        }
        let (mut last, count) =
            if self.accept(Token::Char(b'='))? { self.expression_list()? } else { (Exp::new(Kind::Void), 0) };
        self.adjust_assignment(names, count, &mut last);
        self.function().activate(names);
        Ok(())
    }

    fn adjust_assignment(&mut self, variables: usize, expressions: usize, last: &mut Exp) {
        let function = self.function();
        let extra = variables as i32 - expressions as i32;
        if last.is_multiple() {
            let wanted = (extra + 1).max(0);
            function.set_results(last, wanted);
            if wanted > 1 {
                function.reserve(wanted as u32 - 1);
            }
        } else {
            if last.kind != Kind::Void {
                function.put_in_next_register(last);
            }
            if extra > 0 {
                let register = function.free;
                function.reserve(extra as u32);
                function.load_nil(register, extra as u32);
            }
        }
    }

    fn return_statement(&mut self) -> Parse<()> {
        self.next()?;
        if self.block_ends() || self.is_char(b';') {
            self.function().ret(0, 0);
            return Ok(());
        }
        let (mut last, count) = self.expression_list()?;
        let function = self.function();
        if last.is_multiple() {
            function.set_results(&last, -1);
            if let Kind::Call(pc) = last.kind
                && count == 1
                && let Op::Call { a, b, .. } = *function.op(pc)
            {
                *function.op(pc) = Op::TailCall { a, b, c: 0 };
            }
            let first = function.active as u32;
            function.ret(first, -1);
        } else if count == 1 {
            let first = function.put_in_any_register(&mut last);
            function.ret(u32::from(first), 1);
        } else {
            function.put_in_next_register(&mut last);
            let first = function.active as u32;
            function.ret(first, count as i32);
        }
        Ok(())
    }

    fn expression_statement(&mut self) -> Parse<()> {
        let exp = self.primary()?;
        if let Kind::Call(pc) = exp.kind {
            if let Op::Call { c, .. } = self.function().op(pc) {
                *c = 1;
            }
            return Ok(());
        }
        self.assignment(exp)
    }

    fn assignment(&mut self, first: Exp) -> Parse<()> {
        let mut targets: Vec<Target> = alloc::vec![Target { exp: first }];
        loop {
            if !matches!(
                targets.last().map(|target| target.exp.kind),
                Some(Kind::Local(_) | Kind::Upvalue(_) | Kind::Global(_) | Kind::Indexed(..))
            ) {
                return Err(self.lexer.syntax("syntax error"));
            }
            if !self.accept(Token::Char(b','))? {
                break;
            }
            let exp = self.primary()?;
            if let Kind::Local(register) = exp.kind {
                self.avoid_conflict(&mut targets, register);
            }
            let limit = MAX_LEVELS - self.levels;
            self.check_limit(targets.len(), limit, "variables in assignment")?;
            targets.push(Target { exp });
        }
        self.expect(Token::Char(b'='))?;
        let (mut last, count) = self.expression_list()?;
        if count == targets.len() {
            self.function().set_one_result(&mut last);
            if let Some(target) = targets.pop() {
                self.function().store(&target.exp, &mut last);
            }
        } else {
            let wanted = targets.len();
            self.adjust_assignment(wanted, count, &mut last);
            if count > wanted {
                self.function().free -= (count - wanted) as u32;
            }
        }
        while let Some(target) = targets.pop() {
            let function = self.function();
            let mut value = Exp::new(Kind::Fixed((function.free.max(1) - 1) as u8));
            function.store(&target.exp, &mut value);
        }
        Ok(())
    }

    /// A local that is assigned while an earlier target still indexes by it: the earlier target gets a copy.
    fn avoid_conflict(&mut self, targets: &mut [Target], register: u8) {
        let function = self.function();
        let extra = function.free as u8;
        let mut conflict = false;
        for target in targets {
            if let Kind::Indexed(table, key) = &mut target.exp.kind {
                if *table == register {
                    conflict = true;
                    *table = extra;
                }
                if *key == Key::Register(register) {
                    conflict = true;
                    *key = Key::Register(extra);
                }
            }
        }
        if conflict {
            function.emit(Op::Move { a: extra, b: register });
            function.reserve(1);
        }
    }
}
