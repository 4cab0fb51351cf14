//! A hash is a small record: names with their values.

use super::ring::ring;
use super::view::Field;
use yew::prelude::*;

pub fn draw(fields: &[Field], hidden: usize) -> Html {
    html! {
        <div class="cells">
            { for fields.iter().map(|field| html! {
                <dl key={field.name.to_string()} class={classes!("pair", field.fresh.then_some("fresh"))}>
                    <dt>{ field.name.to_string() }</dt><dd>{ field.value.to_string() }</dd>
                    if let Some(life) = &field.life { <dd class="life" title={life.words.to_string()}>{ ring(life.left) }</dd> }
                </dl>
            }) }
            if hidden > 0 { <small class="more">{ format!("and {hidden} more") }</small> }
        </div>
    }
}
