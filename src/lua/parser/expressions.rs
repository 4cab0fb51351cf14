//! Expressions: precedence climbing over operands, and what can follow a name.

use super::{Parse, Parser, UNARY_PRIORITY};
use crate::{
    codegen::{Binary, Exp, FIELDS_PER_FLUSH, Kind, Unary},
    instruction::Op,
    lexer::Token,
    proto::{HAS_ARG, IS_VARARG, NEEDS_ARG},
};

impl Parser<'_> {
    pub(super) fn expression_to_register(&mut self) -> Parse<()> {
        let mut exp = self.expression()?;
        self.function().put_in_next_register(&mut exp);
        Ok(())
    }

    pub(super) fn expression_list(&mut self) -> Parse<(Exp, usize)> {
        let mut count = 1;
        let mut exp = self.expression()?;
        while self.accept(Token::Char(b','))? {
            self.function().put_in_next_register(&mut exp);
            exp = self.expression()?;
            count += 1;
        }
        Ok((exp, count))
    }

    pub(super) fn expression(&mut self) -> Parse<Exp> {
        self.sub_expression(0)
    }

    pub(super) fn sub_expression(&mut self, limit: u8) -> Parse<Exp> {
        self.enter()?;
        let unary = match self.lexer.token {
            Token::Not => Some(Unary::Not),
            Token::Char(b'-') => Some(Unary::Minus),
            Token::Char(b'#') => Some(Unary::Len),
            _ => None,
        };
        let mut exp = if let Some(op) = unary {
            self.next()?;
            let mut operand = self.sub_expression(UNARY_PRIORITY)?;
            if op == Unary::Len {
                self.function().put_in_any_register(&mut operand);
            }
            self.function().prefix(op, &mut operand);
            operand
        } else {
            self.simple()?
        };
        while let Some((op, left, right)) = binary(self.lexer.token) {
            if left <= limit {
                break;
            }
            self.next()?;
            self.function().infix(op, &mut exp);
            let mut second = self.sub_expression(right)?;
            self.function().postfix(op, &mut exp, &mut second);
        }
        self.levels -= 1;
        Ok(exp)
    }

    pub(super) fn simple(&mut self) -> Parse<Exp> {
        let kind = match self.lexer.token {
            Token::Number(number) => Kind::Number(number),
            Token::String(value) => Kind::Constant(self.function().constant(value)),
            Token::Nil => Kind::Nil,
            Token::True => Kind::True,
            Token::False => Kind::False,
            Token::Dots => {
                if self.function().proto.vararg == 0 {
                    return Err(self.lexer.syntax("cannot use '...' outside a vararg function"));
                }
                self.function().proto.vararg &= !NEEDS_ARG;
                Kind::Vararg(self.function().emit(Op::Vararg { a: 0, b: 2 }))
            }
            Token::Char(b'{') => return self.constructor(),
            Token::Function => {
                self.next()?;
                let line = self.lexer.line;
                return self.body(false, line);
            }
            _ => return self.primary(),
        };
        self.next()?;
        Ok(Exp::new(kind))
    }

    pub(super) fn prefix_expression(&mut self) -> Parse<Exp> {
        match self.lexer.token {
            Token::Char(b'(') => {
                let line = self.lexer.line;
                self.next()?;
                let mut exp = self.expression()?;
                self.expect_closing(Token::Char(b')'), Token::Char(b'('), line)?;
                self.function().discharge_variables(&mut exp);
                Ok(exp)
            }
            Token::Name(name) => {
                self.next()?;
                self.variable(name)
            }
            _ => Err(self.lexer.syntax("unexpected symbol")),
        }
    }

    pub(super) fn primary(&mut self) -> Parse<Exp> {
        let mut exp = self.prefix_expression()?;
        loop {
            match self.lexer.token {
                Token::Char(b'.') => self.field(&mut exp)?,
                Token::Char(b'[') => {
                    self.function().put_in_any_register(&mut exp);
                    let mut key = self.bracketed()?;
                    self.function().index(&mut exp, &mut key);
                }
                Token::Char(b':') => {
                    self.next()?;
                    let name = self.name()?;
                    let k = self.function().constant(name);
                    self.function().method(&mut exp, k);
                    self.arguments(&mut exp)?;
                }
                Token::Char(b'(' | b'{') | Token::String(_) => {
                    self.function().put_in_next_register(&mut exp);
                    self.arguments(&mut exp)?;
                }
                _ => return Ok(exp),
            }
        }
    }

    pub(super) fn field(&mut self, exp: &mut Exp) -> Parse<()> {
        self.function().put_in_any_register(exp);
        self.next()?;
        let name = self.name()?;
        let mut key = Exp::new(Kind::Constant(self.function().constant(name)));
        self.function().index(exp, &mut key);
        Ok(())
    }

    pub(super) fn bracketed(&mut self) -> Parse<Exp> {
        self.next()?;
        let mut key = self.expression()?;
        self.function().settle_value(&mut key);
        self.expect(Token::Char(b']'))?;
        Ok(key)
    }

    pub(super) fn arguments(&mut self, exp: &mut Exp) -> Parse<()> {
        let line = self.lexer.line;
        let mut last = match self.lexer.token {
            Token::Char(b'(') => {
                if line != self.lexer.last_line {
                    return Err(self.lexer.syntax("ambiguous syntax (function call x new statement)"));
                }
                self.next()?;
                let last = if self.is_char(b')') {
                    Exp::new(Kind::Void)
                } else {
                    let (last, _) = self.expression_list()?;
                    self.function().set_results(&last, -1);
                    last
                };
                self.expect_closing(Token::Char(b')'), Token::Char(b'('), line)?;
                last
            }
            Token::Char(b'{') => self.constructor()?,
            Token::String(value) => {
                let k = self.function().constant(value);
                self.next()?;
                Exp::new(Kind::Constant(k))
            }
            _ => return Err(self.lexer.syntax("function arguments expected")),
        };
        let function = self.function();
        let Kind::Fixed(base) = exp.kind else { return Err(self.lexer.syntax("unexpected symbol")) };
        let count = if last.is_multiple() {
            -1
        } else {
            if last.kind != Kind::Void {
                function.put_in_next_register(&mut last);
            }
            function.free as i32 - (i32::from(base) + 1)
        };
        let pc = function.emit(Op::Call { a: base, b: (count + 1) as u8, c: 2 });
        *exp = Exp::new(Kind::Call(pc));
        function.fix_line(line);
        function.free = u32::from(base) + 1;
        Ok(())
    }

    pub(super) fn constructor(&mut self) -> Parse<Exp> {
        let line = self.lexer.line;
        let pc = self.function().emit(Op::NewTable { a: 0, array: 0, hash: 0 });
        let mut table = Exp::new(Kind::Open(pc));
        self.function().put_in_next_register(&mut table);
        let Kind::Fixed(base) = table.kind else { return Err(self.lexer.syntax("unexpected symbol")) };
        let (mut items, mut fields, mut pending) = (0u32, 0u32, 0u32);
        let mut item = Exp::new(Kind::Void);
        self.expect(Token::Char(b'{'))?;
        while !self.is_char(b'}') {
            // Close the previous item.
            if item.kind != Kind::Void {
                self.function().put_in_next_register(&mut item);
                item.kind = Kind::Void;
                if pending == FIELDS_PER_FLUSH {
                    self.function().set_list(base, items, pending, false);
                    pending = 0;
                }
            }
            let record = match self.lexer.token {
                Token::Name(_) => self.lexer.look_ahead()? == Token::Char(b'='),
                Token::Char(b'[') => true,
                _ => false,
            };
            if record {
                self.record_field(base)?;
                fields += 1;
            } else {
                item = self.expression()?;
                items += 1;
                self.check_limit(items as usize, i32::MAX as usize - 2, "items in a constructor")?;
                pending += 1;
            }
            if !self.accept(Token::Char(b','))? && !self.accept(Token::Char(b';'))? {
                break;
            }
        }
        self.expect_closing(Token::Char(b'}'), Token::Char(b'{'), line)?;
        let function = self.function();
        if pending > 0 {
            if item.is_multiple() {
                function.set_results(&item, -1);
                function.set_list(base, items, pending, true);
                // The open item is not counted: how many values it gives is not known.
                items -= 1;
            } else {
                if item.kind != Kind::Void {
                    function.put_in_next_register(&mut item);
                }
                function.set_list(base, items, pending, false);
            }
        }
        *function.op(pc) = Op::NewTable { a: base, array: size_hint(items) as u16, hash: size_hint(fields) as u16 };
        Ok(table)
    }

    pub(super) fn record_field(&mut self, base: u8) -> Parse<()> {
        let free = self.function().free;
        let mut key = if let Token::Name(name) = self.lexer.token {
            self.next()?;
            Exp::new(Kind::Constant(self.function().constant(name)))
        } else {
            self.bracketed()?
        };
        self.expect(Token::Char(b'='))?;
        let mut target = Exp::new(Kind::Fixed(base));
        self.function().index(&mut target, &mut key);
        let mut value = self.expression()?;
        let function = self.function();
        function.store(&target, &mut value);
        function.free = free;
        Ok(())
    }

    pub(super) fn body(&mut self, method: bool, line: u32) -> Parse<Exp> {
        self.open_function(line);
        self.expect(Token::Char(b'('))?;
        if method {
            self.declare_hidden(b"self", 0)?;
            self.function().activate(1);
        }
        self.parameters()?;
        self.expect(Token::Char(b')'))?;
        self.chunk()?;
        self.function().proto.last_line = self.lexer.line;
        self.expect_closing(Token::End, Token::Function, line)?;
        let child = self.close_function()?;
        let line = self.lexer.last_line;
        let function = self.function();
        function.line = line;
        function.proto.children.push(child);
        let proto = function.proto.children.len() as u32 - 1;
        Ok(Exp::new(Kind::Open(function.emit(Op::Closure { a: 0, proto }))))
    }

    pub(super) fn parameters(&mut self) -> Parse<()> {
        let mut count = 0;
        if !self.is_char(b')') {
            loop {
                match self.lexer.token {
                    Token::Name(name) => {
                        self.next()?;
                        self.declare(name, count)?;
                        count += 1;
                    }
                    Token::Dots => {
                        self.next()?;
                        self.declare_hidden(b"arg", count)?;
                        count += 1;
                        self.function().proto.vararg = IS_VARARG | NEEDS_ARG | HAS_ARG;
                        break;
                    }
                    _ => return Err(self.lexer.syntax("<name> or '...' expected")),
                }
                if !self.accept(Token::Char(b','))? {
                    break;
                }
            }
        }
        let function = self.function();
        function.activate(count);
        let hidden = usize::from(function.proto.vararg & HAS_ARG != 0);
        function.proto.parameters = (function.active - hidden) as u8;
        let registers = function.active as u32;
        function.reserve(registers);
        Ok(())
    }
}

/// An operator with its priorities to the left and to the right.
fn binary(token: Token) -> Option<(Binary, u8, u8)> {
    Some(match token {
        Token::Char(b'+') => (Binary::Add, 6, 6),
        Token::Char(b'-') => (Binary::Sub, 6, 6),
        Token::Char(b'*') => (Binary::Mul, 7, 7),
        Token::Char(b'/') => (Binary::Div, 7, 7),
        Token::Char(b'%') => (Binary::Mod, 7, 7),
        Token::Char(b'^') => (Binary::Pow, 10, 9),
        Token::Concat => (Binary::Concat, 5, 4),
        Token::Ne => (Binary::Ne, 3, 3),
        Token::Eq => (Binary::Eq, 3, 3),
        Token::Char(b'<') => (Binary::Lt, 3, 3),
        Token::Le => (Binary::Le, 3, 3),
        Token::Char(b'>') => (Binary::Gt, 3, 3),
        Token::Ge => (Binary::Ge, 3, 3),
        Token::And => (Binary::And, 2, 2),
        Token::Or => (Binary::Or, 1, 1),
        _ => return None,
    })
}

/// PUC keeps a constructor's sizes as three bits of mantissa and an exponent, rounded up; the rounding shows in where
/// a table with holes has its border.
fn size_hint(count: u32) -> u32 {
    let (mut mantissa, mut exponent) = (count, 0);
    while mantissa >= 16 {
        mantissa = mantissa.div_ceil(2);
        exponent += 1;
    }
    (mantissa << exponent).min(u32::from(u16::MAX))
}
