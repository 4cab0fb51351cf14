//! The parser: recursive descent that emits code as it reads. Its recursion is bounded by Lua's own limit of 200
//! levels of syntax, so no source text can exhaust the host's stack.

mod expressions;
mod statements;

use alloc::{format, vec::Vec};

use crate::{
    arena::Arena,
    codegen::{Block, Exp, Function, Kind, NO_JUMP},
    heap::Heap,
    instruction::Op,
    lexer::{Lexer, Near, SyntaxError, Token, token_text},
    proto::{IS_VARARG, Proto, Upvalue},
    value::Value,
};

const MAX_LEVELS: usize = 200;
const MAX_LOCALS: usize = 200;
const MAX_UPVALUES: usize = 60;
/// Binds tighter than every binary operator but `^`.
const UNARY_PRIORITY: u8 = 8;

type Parse<T> = Result<T, SyntaxError>;

struct Parser<'a> {
    lexer: Lexer<'a>,
    protos: &'a mut Arena<Proto>,
    /// The functions being compiled, outermost first.
    functions: Vec<Function>,
    levels: usize,
    source: Value,
}

/// Compiles a chunk; the result is the number of its prototype.
pub fn compile(heap: &mut Heap, protos: &mut Arena<Proto>, source: &[u8], name: &[u8]) -> Parse<u32> {
    let source_name = heap.string(name);
    let lexer = Lexer::new(heap, source, name);
    let mut parser = Parser { lexer, protos, functions: Vec::new(), levels: 2, source: source_name };
    let mut main = Function::new(source_name, 0);
    main.proto.vararg = IS_VARARG;
    parser.functions.push(main);
    parser.lexer.next()?;
    parser.chunk()?;
    if parser.lexer.token != Token::Eos {
        return Err(parser.lexer.syntax("'<eof>' expected"));
    }
    parser.close_function()
}

impl Parser<'_> {
    #[inline(never)]
    fn function(&mut self) -> &mut Function {
        let last = self.functions.len() - 1;
        &mut self.functions[last]
    }

    fn next(&mut self) -> Parse<()> {
        if self.function().too_complex {
            return Err(self.lexer.syntax("function or expression too complex"));
        }
        self.lexer.next()?;
        let line = self.lexer.last_line;
        self.function().line = line;
        Ok(())
    }

    fn is(&self, token: Token) -> bool {
        self.lexer.token == token
    }

    fn is_char(&self, byte: u8) -> bool {
        self.lexer.token == Token::Char(byte)
    }

    fn accept(&mut self, token: Token) -> Parse<bool> {
        let found = self.is(token);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn expect(&mut self, token: Token) -> Parse<()> {
        if !self.is(token) {
            return Err(self.lexer.syntax(&format!("'{}' expected", token_text(token))));
        }
        self.next()
    }

    fn expect_closing(&mut self, token: Token, opening: Token, line: u32) -> Parse<()> {
        if self.is(token) {
            return self.next();
        }
        let what = token_text(token);
        if line == self.lexer.line {
            return Err(self.lexer.syntax(&format!("'{what}' expected")));
        }
        let opening = token_text(opening);
        Err(self.lexer.syntax(&format!("'{what}' expected (to close '{opening}' at line {line})")))
    }

    fn name(&mut self) -> Parse<Value> {
        let Token::Name(name) = self.lexer.token else { return Err(self.lexer.syntax("'<name>' expected")) };
        self.next()?;
        Ok(name)
    }

    fn enter(&mut self) -> Parse<()> {
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            return Err(self.lexer.error("chunk has too many syntax levels", Near::Nothing));
        }
        Ok(())
    }

    fn check_limit(&mut self, value: usize, limit: usize, what: &str) -> Parse<()> {
        if value <= limit {
            return Ok(());
        }
        let line = self.function().proto.line;
        let message = if line == 0 {
            format!("main function has more than {limit} {what}")
        } else {
            format!("function at line {line} has more than {limit} {what}")
        };
        Err(self.lexer.error(&message, Near::Nothing))
    }

    // Scopes.

    fn declare(&mut self, name: Value, ahead: usize) -> Parse<()> {
        let count = self.function().active + ahead + 1;
        self.check_limit(count, MAX_LOCALS, "local variables")?;
        self.function().declare(name);
        Ok(())
    }

    /// A variable that the text does not name.
    fn declare_hidden(&mut self, name: &[u8], ahead: usize) -> Parse<()> {
        let name = self.lexer.heap.string(name);
        self.declare(name, ahead)
    }

    fn enter_block(&mut self, breakable: bool) {
        let function = self.function();
        let active = function.active;
        function.blocks.push(Block { breaks: NO_JUMP, active, has_upvalue: false, breakable });
    }

    fn leave_block(&mut self) {
        let function = self.function();
        let Some(block) = function.blocks.pop() else { return };
        function.deactivate_to(block.active);
        if block.has_upvalue {
            function.emit(Op::Close { a: block.active as u8 });
        }
        function.free = function.active as u32;
        function.patch_to_here(block.breaks);
    }

    fn open_function(&mut self, line: u32) {
        let mut function = Function::new(self.source, line);
        function.line = self.lexer.last_line;
        self.functions.push(function);
    }

    fn close_function(&mut self) -> Parse<u32> {
        let function = self.function();
        function.deactivate_to(0);
        function.ret(0, 0);
        if function.too_complex {
            return Err(self.lexer.syntax("function or expression too complex"));
        }
        let Some(function) = self.functions.pop() else { return Err(self.lexer.syntax("unexpected symbol")) };
        Ok(self.protos.insert(function.proto))
    }

    fn find_variable(&mut self, depth: usize, name: Value, here: bool) -> Parse<Kind> {
        let (function, heap) = (&self.functions[depth], &self.lexer.heap);
        // Long names are kept once for each place where they stand.
        let found = function.variables[..function.active]
            .iter()
            .rposition(|variable| heap.equal(function.proto.locals[*variable].name, name));
        if let Some(register) = found {
            if !here
                && let Some(block) =
                    self.functions[depth].blocks.iter_mut().rev().find(|block| block.active <= register)
            {
                block.has_upvalue = true;
            }
            return Ok(Kind::Local(register as u8));
        }
        if depth == 0 {
            return Ok(Kind::Global(0));
        }
        let upvalue = match self.find_variable(depth - 1, name, false)? {
            Kind::Local(index) => Upvalue { local: true, index },
            Kind::Upvalue(index) => Upvalue { local: false, index },
            other => return Ok(other),
        };
        let index = self.functions[depth].add_upvalue(upvalue, name);
        if usize::from(index) >= MAX_UPVALUES {
            let count = usize::from(index) + 1;
            let line = self.functions[depth].proto.line;
            let message = format!("function at line {line} has more than {MAX_UPVALUES} upvalues");
            debug_assert!(count > MAX_UPVALUES);
            return Err(self.lexer.error(&message, Near::Nothing));
        }
        Ok(Kind::Upvalue(index))
    }

    fn variable(&mut self, name: Value) -> Parse<Exp> {
        let depth = self.functions.len() - 1;
        let mut kind = self.find_variable_bounded(depth, name)?;
        if let Kind::Global(_) = kind {
            kind = Kind::Global(self.function().constant(name));
        }
        Ok(Exp::new(kind))
    }

    /// The functions nest at most as deep as the syntax may, so this recursion is bounded too.
    fn find_variable_bounded(&mut self, depth: usize, name: Value) -> Parse<Kind> {
        self.find_variable(depth, name, true)
    }
}
